"""An immutable set of approved rule versions, compiled once: which of them are in force on a date, and which of those a transaction can meet at all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from accrual.domain.rule import Rule
from accrual.domain.rule_faults import Fault
from loyalty_shared.contracts.core import TransactionPostedV1


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVersion:
    """An approved version. From transaction date `stopped_on` (included) neither it nor a lower version of its code decides."""

    rule_no: int
    version: int
    rule: Rule
    stopped_on: date | None = None


class RuleSetFaulty(Exception):
    """Rules that do not go together: the faults say which, and what to do."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{fault.path}: {fault.message}" for fault in faults))
        self.faults = faults


class RuleSet:
    """The rules of one entity at one moment. Make once per number and keep: the first transaction of each kind compiles what it needs."""

    def __init__(self, number: int, members: Iterable[RuleVersion]) -> None:
        self.number = number
        self.by_no: Mapping[int, RuleVersion] = {member.rule_no: member for member in members}

    def months_counted(self, on: date) -> tuple[str, ...]:
        """Return the usage documents that a decision of this transaction date reads; () when no rule in force has a limit by period."""
        raise NotImplementedError

    def counters_of(self, rule_no: int, event: TransactionPostedV1) -> tuple[str, ...]:
        """Return the counters that points of this rule are counted in; () for a rule without a limit by period."""
        raise NotImplementedError
