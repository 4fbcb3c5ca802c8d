"""The reconciliation report of an import: what came in, what it was converted to, and what the ledger says was posted."""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from redemption.domain.importing import RATIO_PLACES, Conversion


class LineSums(NamedTuple):
    """How many lines, and what they come to."""

    lines: int = 0
    old_points: int = 0
    new_points: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSums:
    """An import's lines by what has become of them, its control totals, and the sums of its entries as the ledger has them."""

    control: LineSums
    posted: LineSums
    waiting: LineSums
    rejected: LineSums
    ledger_entries: int
    ledger_points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The report. `converted_*`: of all lines that are not rejected; `rounding_difference`: what rounding gave (negative: took), exactly.

    `breaks` names what does not tie; there is nothing to name unless rows were changed by another hand.
    """

    sums: ImportSums
    converted_old_points: int
    converted_exactly: str
    converted_points: int
    rounding_difference: str
    breaks: tuple[str, ...]


def reconcile(conversion: Conversion, sums: ImportSums) -> ImportReport:
    """Return the report of an import, with what does not tie."""
    posted, waiting, rejected = sums.posted, sums.waiting, sums.rejected
    old_points, points = posted.old_points + waiting.old_points, posted.new_points + waiting.new_points
    exactly = conversion.exactly(old_points)
    difference = points - exactly
    ties = {
        "lines": posted.lines + waiting.lines + rejected.lines == sums.control.lines,
        "old-points": old_points + rejected.old_points == sums.control.old_points,
        "rejected-points": rejected.new_points == 0,
        # each line is rounded by less than a point
        "rounding": abs(difference) < posted.lines + waiting.lines or difference == 0,
        "ledger-entries": sums.ledger_entries == posted.lines,
        "ledger-points": sums.ledger_points == posted.new_points,
    }
    return ImportReport(
        sums=sums,
        converted_old_points=old_points,
        converted_exactly=decimal_text(exactly),
        converted_points=points,
        rounding_difference=decimal_text(difference),
        breaks=tuple(name for name, is_so in ties.items() if not is_so),
    )


def decimal_text(value: Fraction) -> str:
    """Return a sum of converted points as a decimal number, without zeros at its end: it has no more decimal places than a ratio."""
    scaled = value * 10**RATIO_PLACES
    assert scaled.denominator == 1
    whole, rest = divmod(abs(scaled.numerator), 10**RATIO_PLACES)
    text = f"{whole}.{rest:0{RATIO_PLACES}d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text
