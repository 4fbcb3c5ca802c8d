"""From when and until when points can be spent, counted from the transaction date (contracts.md section 4: available, expires)."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final


def month_after(on: date, months: int) -> tuple[int, int]:
    """Return the year and month that lie `months` after a date's."""
    index = on.year * 12 + on.month - 1 + months
    return index // 12, index % 12 + 1


def day_in_month(year: int, month: int, day: int) -> date:
    """Return that day of the month, or the month's last when it is shorter."""
    return date(year, month, min(day, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class AfterDays:
    """Available `days` after the transaction date; 0: at once."""

    days: int

    def date_for(self, on: date) -> date:
        return on + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class OnDay:
    """Available on that day of the transaction's month, or of the next when the transaction came after it."""

    day: int

    def date_for(self, on: date) -> date:
        this_month = day_in_month(on.year, on.month, self.day)
        return this_month if on <= this_month else day_in_month(*month_after(on, 1), self.day)


@dataclass(frozen=True, slots=True)
class DayOfNextMonth:
    """Available on that day of the month after the transaction's."""

    day: int

    def date_for(self, on: date) -> date:
        return day_in_month(*month_after(on, 1), self.day)


@dataclass(frozen=True, slots=True)
class OnEvent:
    """Available from the date of the customer's next behaviour of that code on."""

    code: str

    def date_for(self, on: date) -> date:
        return AWAITING


#: The date of points that wait for an event: not known yet.
AWAITING: Final = date.max

Available = AfterDays | OnDay | DayOfNextMonth | OnEvent


@dataclass(frozen=True, slots=True)
class Never:
    """Spendable for ever."""

    @property
    def policy(self) -> str:
        return "never"

    def date_for(self, on: date) -> date | None:
        return None


@dataclass(frozen=True, slots=True)
class CalendarYears:
    """Spendable to the end of the `years`-th calendar year, the year of earning included; 1: to the end of this year."""

    years: int

    @property
    def policy(self) -> str:
        return f"calendar_years:{self.years}"

    def date_for(self, on: date) -> date | None:
        return date(on.year + self.years - 1, 12, 31)


@dataclass(frozen=True, slots=True)
class Days:
    """Spendable up to `days` after the transaction date, that day included."""

    days: int

    @property
    def policy(self) -> str:
        return f"days:{self.days}"

    def date_for(self, on: date) -> date | None:
        return on + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Months:
    """Spendable up to the same day `months` later, or to the end of that month."""

    months: int
    to_month_end: bool

    @property
    def policy(self) -> str:
        return f"months:{self.months}:{'month_end' if self.to_month_end else 'day'}"

    def date_for(self, on: date) -> date | None:
        return day_in_month(*month_after(on, self.months), 31 if self.to_month_end else on.day)


@dataclass(frozen=True, slots=True)
class OnDate:
    """Spendable up to one date, whatever the transaction date."""

    on: date

    @property
    def policy(self) -> str:
        return f"on:{self.on.isoformat()}"

    def date_for(self, on: date) -> date | None:
        return self.on


@dataclass(frozen=True, slots=True)
class SlidingMonths:
    """Spendable up to the same day `months` after the account's last activity; counted from the transaction date until there is a later one.

    The ledger knows the activity: it goes by the policy, not by this date.
    """

    months: int

    @property
    def policy(self) -> str:
        return f"sliding_months:{self.months}"

    def date_for(self, on: date) -> date | None:
        return day_in_month(*month_after(on, self.months), on.day)


Expires = Never | CalendarYears | Days | Months | SlidingMonths | OnDate
