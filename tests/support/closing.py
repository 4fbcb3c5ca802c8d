"""A closed business date, as the services behind the ledger have it, and as the customers' own statements add up to."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from support.bank import Bank
from support.eventually import eventually

CLOSE_SECONDS_MAX: Final = 60
ENTRIES_PAGE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDay:
    """What reporting and settlement say of one date. `batches`: (points, amount in minor units) by party, for those of which any moved."""

    movement: dict[str, int]
    batches: dict[str, tuple[int, int]]
    reconciliation: dict[str, Any]

    @property
    def used(self) -> int:
        """Points used less points given back, by the movement report."""
        return self.movement["used"] - self.movement["restored"]

    def settled(self, *, applications: bool) -> int:
        """Return the points of all batches of applications, or of all cost bearers."""
        return sum(points for party, (points, _) in self.batches.items() if party.startswith("redeemed:") is applications)


def close(bank: Bank, on: date) -> ClosedDay:
    """Have points that lapsed expired, move the entity on from `on`, have its batches made; return the day when settlement and reporting have all of it."""
    bank.post("redemption", "jobs/expire-points/runs", {"on": on.isoformat()}, role="admin")
    bank.advance(on + timedelta(days=1))
    eventually(lambda: bank.post("settlement", "jobs/make-batches/runs", {"on": on.isoformat()}, role="admin"), CLOSE_SECONDS_MAX)
    report = eventually(lambda: bank.get("reporting", "reports/movement", **{"from": on.isoformat()}), CLOSE_SECONDS_MAX)
    batches = bank.get("settlement", "batches", business_on=on.isoformat(), limit=200)["items"]
    return ClosedDay(
        movement=report["totals"],
        batches={batch["party"]: (batch["points"], batch["amount_minor"]) for batch in batches},
        reconciliation=bank.get("settlement", f"reconciliations/{on.isoformat()}"),
    )


def entries_of(bank: Bank, customers: Iterable[str]) -> list[dict[str, Any]]:
    """Return every entry of the customers' statements; none for one without an account."""
    entries: list[dict[str, Any]] = []
    for customer_no in customers:
        query: dict[str, str | int] = {"limit": ENTRIES_PAGE}
        while query.get("cursor", "") is not None:
            answer = bank.call("GET", "redemption", f"accounts/{customer_no}/entries", params=query)
            if not answer.is_success:
                break
            entries += answer.json()["items"]
            query["cursor"] = answer.json()["next_cursor"]
    return entries


def points_by_date(entries: Iterable[dict[str, Any]]) -> Counter[tuple[date, str]]:
    """Return the signed points of the entries by business date and kind."""
    points: Counter[tuple[date, str]] = Counter()
    for entry in entries:
        points[date.fromisoformat(entry["business_on"]), entry["kind"]] += entry["points"]
    return points
