"""What a rule would change: the points of a stretch of history without it and with it, by day and institution."""

from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec
from msgspec import Struct

#: Events, points before and points after.
Sums = tuple[int, int, int]
NO_SUMS: Final[Sums] = (0, 0, 0)


class Changed(Struct, gc=False):
    """One event under both rule sets: its points `before`, by the live rules, and `after`, with the draft; its date and institution are the earning's."""

    transaction_on: date
    institution: str
    before: int
    after: int


class Effect(Struct):
    """What has been found so far. `by_day` and `by_institution` sum up the same events; `customers` are those whose points come to more than none."""

    total: Sums = NO_SUMS
    customers_before: int = 0
    customers_after: int = 0
    by_day: dict[date, Sums] = msgspec.field(default_factory=dict)
    by_institution: dict[str, Sums] = msgspec.field(default_factory=dict)

    def add_customer(self, events: Iterable[Changed]) -> None:
        """Add all events of one customer."""
        count = before = after = 0
        for event in events:
            count += 1
            before += event.before
            after += event.after
            day = self.by_day.get(event.transaction_on, NO_SUMS)
            self.by_day[event.transaction_on] = (day[0] + 1, day[1] + event.before, day[2] + event.after)
            there = self.by_institution.get(event.institution, NO_SUMS)
            self.by_institution[event.institution] = (there[0] + 1, there[1] + event.before, there[2] + event.after)
        self.total = (self.total[0] + count, self.total[1] + before, self.total[2] + after)
        self.customers_before += before > 0
        self.customers_after += after > 0


def sum_of(effects: Iterable[Effect]) -> Effect:
    """Return what several stretches of history, none of which shares a customer with another, come to."""
    total = Effect()
    for effect in effects:
        total.total = _plus(total.total, effect.total)
        total.customers_before += effect.customers_before
        total.customers_after += effect.customers_after
        for on, sums in effect.by_day.items():
            total.by_day[on] = _plus(total.by_day.get(on, NO_SUMS), sums)
        for institution, sums in effect.by_institution.items():
            total.by_institution[institution] = _plus(total.by_institution.get(institution, NO_SUMS), sums)
    return total


def _plus(one: Sums, other: Sums) -> Sums:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Effect)


def stored_effect(effect: Effect) -> str:
    """Return an effect as it is kept between two pages of history."""
    return _ENCODER.encode(effect).decode()


def effect_from(stored: str) -> Effect:
    """Return an effect that was kept."""
    return _DECODER.decode(stored)
