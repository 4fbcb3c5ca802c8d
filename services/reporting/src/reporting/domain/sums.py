"""What the mart answers a report with: sums of postings by the report's dimensions, by kind and by the family of the other account."""

from typing import Final, NamedTuple

ISSUED: Final = "issued"
REDEEMED: Final = "redeemed"
EXPIRED: Final = "expired"


class Line(NamedTuple):
    """Sums of one group of postings. `values` are those of the report's dimensions, in their order.

    `opening`: points posted before the period; `points`, `entries`: within it; `arrears`: what all of them up to the period's end added to arrears.
    Points are signed, the customer's view.
    """

    values: tuple[str, ...]
    kind: str
    family: str
    opening: int
    points: int
    arrears: int
    entries: int
