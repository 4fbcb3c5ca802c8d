"""Points issued and points used in a period; their nets are the ledger's own sums of its accounts `issued:*` and `redeemed:*`."""

from collections.abc import Iterable
from dataclasses import dataclass

from reporting.domain.sums import ISSUED, REDEEMED, Line


@dataclass(slots=True, kw_only=True)
class Issued:
    """Points given less points taken back. `granted`: by channels, less what was undone; `issued` = earned + granted + adjusted - clawed_back."""

    earned: int = 0
    granted: int = 0
    adjusted: int = 0
    clawed_back: int = 0
    issued: int = 0
    entries: int = 0

    def add(self, line: Line) -> None:
        """Count postings on issuing parties' accounts in."""
        self.issued += line.points
        self.entries += line.entries
        match line.kind:
            case "earned":
                self.earned += line.points
            case "clawed-back":
                self.clawed_back -= line.points
            case "granted" | "reversed":
                self.granted += line.points
            case _:
                self.adjusted += line.points


@dataclass(slots=True, kw_only=True)
class Used:
    """Points spent less points given back; `used_net` = used - restored."""

    used: int = 0
    restored: int = 0
    used_net: int = 0
    entries: int = 0

    def add(self, line: Line) -> None:
        """Count postings on applications' accounts in."""
        self.used_net -= line.points
        self.entries += line.entries
        if line.kind == "redeemed":
            self.used -= line.points
        else:
            self.restored += line.points


def issued_from(lines: Iterable[Line]) -> dict[tuple[str, ...], Issued]:
    """Return what was issued for each combination of dimension values, in the order they first come in."""
    issued: dict[tuple[str, ...], Issued] = {}
    for line in lines:
        if line.family == ISSUED and (line.entries or line.points):
            issued.setdefault(line.values, Issued()).add(line)
    return issued


def used_from(lines: Iterable[Line]) -> dict[tuple[str, ...], Used]:
    """Return what was used for each combination of dimension values, in the order they first come in."""
    used: dict[tuple[str, ...], Used] = {}
    for line in lines:
        if line.family == REDEEMED and (line.entries or line.points):
            used.setdefault(line.values, Used()).add(line)
    return used
