"""What rules that count, carry or convert see of one event, beyond the event itself; it is kept with the decision, for its refunds and explanations."""

from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from accrual.domain.converting import Rates, converted, rates_used
from accrual.domain.decision import NOTHING, NOTHING_SEEN, Carried, Seen
from accrual.domain.merchant_facts import MerchantFacts
from accrual.domain.reasons import RuleReason
from accrual.domain.usage import UsageRead
from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1

if TYPE_CHECKING:
    from accrual.domain.rules_in_force import Candidate, LiveRule, RulesOnDate


_NOTHING_CARRIED: Final = Carried(NOTHING, NOTHING)


class Sight:
    """Follows one decision for its special rules. `rates`: those of the transaction date."""

    __slots__ = ("_carried", "_counted", "_counts", "_event", "_facts", "_in_force", "_local", "_merchant", "_rates", "_rates_used", "_usage", "lacks_rate")

    def __init__(
        self,
        event: TransactionPostedV1,
        facts: CustomerChangedV1,
        local: datetime,
        merchant: MerchantFacts,
        in_force: "RulesOnDate",
        usage: UsageRead,
        rates: Rates,
    ) -> None:
        self._event = event
        self._facts = facts
        self._local = local
        self._merchant = merchant
        self._in_force = in_force
        self._usage = usage
        self._rates = rates
        self._counts: dict[int, tuple[int, ...]] = {}
        self._counted: dict[int, int] = {}
        self._carried: dict[int, Carried] = {}
        self._rates_used: dict[str, str] = {}
        #: Whether some rule gave nothing for want of a rate.
        self.lacks_rate = False

    def failing(self, candidate: "Candidate") -> RuleReason | None:
        """Return why a rule does not apply; None when it does. The event counts for its counts when it meets the rule's other conditions."""
        rule = candidate.rule
        if rule.carries:
            self._keep_remainder(rule, Fraction(0))
        event = self._seen_by(rule)
        if event is None:
            return self._without_rate(rule)
        counts = self._count(candidate, event) if rule.counts.periods else None
        if candidate.meets is not None and not candidate.meets(event, self._facts, self._local, self._merchant, counts):
            return RuleReason.CONDITIONS_NOT_MET
        if counts is not None and rule.nth is not None and counts[rule.nth_of] != rule.nth:
            return RuleReason.NOT_THE_NTH
        return None

    def gives(self, rule: "LiveRule", base: int | Fraction) -> int:
        """Return what a rule that applies gives for an amount of the event's currency, or for the points that it multiplies, before its limits."""
        if rule.rule.converts and not rule.multiplies and self._event.currency != rule.rule.currency:
            base = converted(base, self._event.currency, rule.rule.currency, self._rates)
        return self._keep_remainder(rule, rule.gives_exactly(base)).whole if rule.carries else rule.gives(base)

    def seen(self) -> Seen:
        """Return what is to be kept with the decision."""
        kept = Seen(self._counts, self._counted, self._carried, self._rates_used)
        return NOTHING_SEEN if kept == NOTHING_SEEN else kept

    def _seen_by(self, rule: "LiveRule") -> TransactionPostedV1 | None:
        """Return the event with its amount in the rule's currency; None when a rate is missing."""
        event, into = self._event, rule.rule.currency
        if event.currency == into or not rule.rule.converts:
            return event
        used = rates_used(event.currency, into, self._rates)
        if used is None:
            return None
        self._rates_used |= used
        return replace(event, amount_minor=converted(event.amount_minor, event.currency, into, self._rates))

    def _without_rate(self, rule: "LiveRule") -> RuleReason:
        """Return why a rule does not apply whose amount cannot be worked out: for want of a rate where that is all that is wanting."""
        if rule.meets_but_amount is not None and not rule.meets_but_amount(self._event, self._facts, self._local, self._merchant):
            return RuleReason.CONDITIONS_NOT_MET
        self.lacks_rate = True
        return RuleReason.NO_RATE

    def _count(self, candidate: "Candidate", event: TransactionPostedV1) -> dict[str, int]:
        """Return the rule's counts by period, the event included where it counts."""
        rule = candidate.rule
        before = self._usage.counted_by(rule, self._in_force)
        if any(before):
            self._counts[rule.rule_no] = before
        counts = int(candidate.others is None or candidate.others(event, self._facts, self._local, self._merchant))
        if counts:
            self._counted[rule.rule_no] = 1
        return {period: counted + counts for period, counted in zip(rule.counts.periods, before, strict=True)}

    def _keep_remainder(self, rule: "LiveRule", exact: Fraction) -> Carried:
        """Keep what a rule gives exactly beside the remainder it had: also of one that does not apply, which a smaller amount might meet."""
        carried = Carried(str(self._usage.remainder_of(rule)), str(exact))
        if carried != _NOTHING_CARRIED:
            self._carried[rule.rule_no] = carried
        return carried
