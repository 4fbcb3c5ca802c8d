"""Parties: who bears the cost of points, and where used points went."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

#: The party that bears what no lot paid: points that repaid a customer's arrears, or became them. The bank carries it until the customer has earned it back.
ARREARS: Final = "arrears"
REDEEMED_PREFIX: Final = "redeemed:"

_ONE_HUNDRED: Final = 100
_FUNDING_CACHED: Final = 65_536
_SHARE: Final = re.compile(r"(?:^|\+)(.+?)=([0-9]{1,3})(?=\+|$)")

Shares = tuple[tuple[str, int], ...]


def application_party(application: str) -> str:
    """Return the party that points used in an application go to."""
    return REDEEMED_PREFIX + application


def is_application(party: str) -> bool:
    """Tell whether a party is an application, which receives money for points, and not one that bears their cost."""
    return party.startswith(REDEEMED_PREFIX)


@lru_cache(maxsize=_FUNDING_CACHED)
def bearers_of(funding: str) -> Shares:
    """Return the parties that bear the cost of a lot, with their percents.

    The ledger names one bearer by its code, and several as `card=40+retail=60` (contracts.md section 4, `cost_bearers`).
    """
    shares = tuple((match[1], int(match[2])) for match in _SHARE.finditer(funding))
    whole = "+".join(f"{party}={percent}" for party, percent in shares) == funding
    if whole and len(shares) > 1 and sum(percent for _, percent in shares) == _ONE_HUNDRED:
        return shares
    return ((funding, _ONE_HUNDRED),)


def divide(points: int, shares: Shares) -> list[tuple[str, int]]:
    """Divide signed points by percent, so that the parts sum to the whole: each is rounded down, and what is left goes, point by point, to the
    parties that rounding took most from, the first named first."""
    if len(shares) == 1:
        return [(shares[0][0], points)]
    sign, whole = (-1, -points) if points < 0 else (1, points)
    parts = [divmod(whole * percent, _ONE_HUNDRED) for _, percent in shares]
    left = whole - sum(part for part, _ in parts)
    most_cut = sorted(range(len(shares)), key=lambda index: (-parts[index][1], index))[:left]
    return [(party, sign * (parts[index][0] + (index in most_cut))) for index, (party, _) in enumerate(shares)]


def allocate(points: int, paid: Sequence[tuple[str, int]]) -> Mapping[str, int]:
    """Return whose points an entry of signed `points` moved, by party; the parts sum to `points`.

    `paid` is (funding, signed points) of each lot that the entry changed. What they do not come to, arrears paid or owe.
    """
    by_party: dict[str, int] = {}
    for funding, part in paid:
        for party, share in divide(part, bearers_of(funding)):
            by_party[party] = by_party.get(party, 0) + share
    rest = points - sum(part for _, part in paid)
    if rest:
        by_party[ARREARS] = by_party.get(ARREARS, 0) + rest
    return by_party
