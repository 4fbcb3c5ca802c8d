"""An immutable set of approved rule versions, and which of them are in force on a date."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from accrual.domain.campaign import Campaign
from accrual.domain.counting import RuleCounts
from accrual.domain.least_amount import least_amount_of
from accrual.domain.limits import RuleLimits
from accrual.domain.rule import Rule
from accrual.domain.rules_in_force import RulesInForce, RulesOnDate
from accrual.domain.selection import names_merchants
from accrual.domain.trigger import Trigger

#: Transaction dates remembered (more than the 15 years that are kept); past it they are worked out anew.
DATES_MAX: Final = 8_192
NO_CAMPAIGNS: Final[Mapping[str, Campaign]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVersion:
    """An approved version. From transaction date `stopped_on` (included) neither it nor a lower version of its code decides."""

    rule_no: int
    version: int
    rule: Rule
    stopped_on: date | None = None


class RuleSet:
    """The rules of one entity at one moment. Make once per number and keep: the first transaction of each kind compiles what it needs.

    A rule that names a campaign decides within it: `campaigns` are the versions of those named. On a date the set tells the rules of its `trigger` alone, so
    that transactions never meet rules on behaviours or balances; `of` gives the same set for another.
    """

    def __init__(
        self, number: int, members: Iterable[RuleVersion], trigger: Trigger = Trigger.TRANSACTION, *, campaigns: Mapping[str, Campaign] = NO_CAMPAIGNS
    ) -> None:
        self.number = number
        self.trigger = trigger
        self.by_no: Mapping[int, RuleVersion] = {member.rule_no: member for member in members}
        self.campaigns = campaigns
        #: Whether some campaign's budget may cut what its rules give.
        self.has_budgets = any(campaign.is_strict for campaign in campaigns.values())
        self._limits = {member.rule_no: RuleLimits(member.rule, campaigns.get(member.rule.campaign or "")) for member in self.by_no.values()}
        #: rule_no > limits, of the versions with a limit by period: those whose points are counted.
        self.counted: Mapping[int, RuleLimits] = {rule_no: limits for rule_no, limits in self._limits.items() if limits.by_period}
        #: rule_no > counts, of the versions that count events.
        self.counting: Mapping[int, RuleCounts] = {member.rule_no: counts for member in self.by_no.values() if (counts := RuleCounts(member.rule)).periods}
        #: Whether some version turns other currencies into its own.
        self.converts = any(member.rule.converts for member in self.by_no.values())
        #: Whether points of some version wait for a behaviour.
        self.awaits = any(member.rule.awaits is not None for member in self.by_no.values())
        #: rule_no > code and least amount, of the versions that ask for one.
        self.minima = {member.rule_no: (member.rule.code, least) for member in self.by_no.values() if (least := least_amount_of(member.rule)) is not None}
        #: Whether some version's conditions look at the merchant's facts.
        self.names_merchants = any(names_merchants(member.rule.when) for member in self.by_no.values())
        self._on_date: dict[date, RulesOnDate] = {}
        self._in_force: dict[tuple[int, ...], RulesInForce] = {}
        self._siblings: dict[Trigger, RuleSet] = {trigger: self}

    def of(self, trigger: Trigger) -> "RuleSet":
        """Return the same set as events of a trigger meet it."""
        found = self._siblings.get(trigger)
        if found is None:
            found = self._siblings[trigger] = RuleSet(self.number, self.by_no.values(), trigger, campaigns=self.campaigns)
            found._siblings = self._siblings
        return found

    def on_date(self, on: date) -> RulesOnDate:
        """Return the rules of the trigger in force on a transaction date."""
        found = self._on_date.get(on)
        if found is None:
            if len(self._on_date) >= DATES_MAX:
                self._on_date.clear()
            mine = [version for version in self._versions_on(on) if self._is_open(version, on)]
            found = self._on_date[on] = RulesOnDate(on, self.number, self._force_of(mine))
        return found

    def closed_on(self, on: date) -> RulesOnDate:
        """Return the rules that would be in force on a transaction date but for their campaigns, which are closed then: for explanations."""
        return RulesOnDate(on, self.number, self._force_of([version for version in self._versions_on(on) if not self._is_open(version, on)]))

    def _versions_on(self, on: date) -> list[RuleVersion]:
        return [version for version in versions_in_force(self.by_no.values(), on) if version.rule.trigger is self.trigger]

    def _is_open(self, version: RuleVersion, on: date) -> bool:
        return version.rule.campaign is None or self.campaigns[version.rule.campaign].is_open(on)

    def _force_of(self, versions: list[RuleVersion]) -> RulesInForce:
        combination = tuple(version.rule_no for version in versions)
        if combination not in self._in_force:
            self._in_force[combination] = RulesInForce(versions, self._limits, self.campaigns)
        return self._in_force[combination]

    def sees_merchants(self, on: date) -> bool:
        """Tell whether a rule in force on a transaction date looks at the merchant's facts."""
        return self.names_merchants and self.on_date(on).sees_merchants

    def months_counted(self, on: date) -> tuple[str, ...]:
        """Return the usage documents that a decision of this transaction date reads; () when no rule in force reads any."""
        return self.on_date(on).months_counted


def versions_in_force(members: Iterable[RuleVersion], on: date) -> list[RuleVersion]:
    """Return of each code the highest version that covers a date, unless it or a higher one is stopped by then.

    Source: contracts.md section 5, "Rules and facts in time".
    """
    by_code: dict[str, list[RuleVersion]] = {}
    for member in members:
        by_code.setdefault(member.rule.code, []).append(member)
    chosen = []
    for versions in by_code.values():
        stopped = max((version.version for version in versions if version.stopped_on is not None and version.stopped_on <= on), default=0)
        covering = [version for version in versions if version.version > stopped and version.rule.covers(on)]
        if covering:
            chosen.append(max(covering, key=lambda version: version.version))
    return chosen
