"""Closes a business date as the bank's night does: the date moves on, batches and reports are made, and all of it is held against the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from nanzhu_demo.bus import PublishedLedger
from nanzhu_demo.client import PlatformClient
from nanzhu_demo.waiting import until, until_followed

#: What the movement report's columns are called, and with which sign they lead from the opening to the closing balance.
COLUMNS: Final = {"opening": 1, "granted": 1, "adjusted": 1, "transferred": 1, "restored": 1, "used": -1, "expired": -1, "clawed_back": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A closed business date as the services behind the ledger have it: settlement's batches and checks, and the totals of the movement report."""

    on: date
    jobs: Mapping[str, str]
    batches: Sequence[Mapping[str, Any]]
    reconciliation: Mapping[str, Any]
    movement: Mapping[str, int]

    def settled(self, direction: str) -> int:
        """Return the points of the batches whose party `pays` or `receives`."""
        return sum(batch["points"] for batch in self.batches if batch["direction"] == direction)

    def faults(self, ledger: PublishedLedger) -> list[str]:
        """Return where settlement, report and ledger do not agree, in words; empty when they agree to the point."""
        used, closing = ledger.used_on[self.on], ledger.closing(self.on)
        pairs = {
            "points used, by the batches of those who pay": (self.settled("pays"), used),
            "points used, by the batches of those who receive": (self.settled("receives"), used),
            "points used, by the movement report": (self.movement["used"] - self.movement["restored"], used),
            "closing balance, by the movement report": (self.movement["closing"], closing),
            "closing balance, by the movement report's own columns": (sum(sign * self.movement[name] for name, sign in COLUMNS.items()), closing),
            "breaks that settlement finds": (self.reconciliation["breaks"], 0),
            "parties without a batch": (len(self.reconciliation["without_batch"]), 0),
        }
        return [f"{self.on}, {what}: {here:,}, by the ledger {there:,}" for what, (here, there) in pairs.items() if here != there]


async def close_day(client: PlatformClient, on: date) -> Closed:
    """Run the jobs of the close one after another from the console's job list, and return what they made."""
    jobs = {"close-day": await run_job(client, "close-day", on)}
    await until_followed(client, on + timedelta(days=1))
    for name in ("make-batches", "make-reports"):
        jobs[name] = await run_job(client, name, on)
    day = on.isoformat()
    return Closed(
        on=on,
        jobs=jobs,
        batches=(await client.get("settlement", "batches", {"business_on": day, "limit": 200}))["items"],
        reconciliation=await client.get("settlement", f"reconciliations/{day}"),
        movement=(await client.get("reporting", "reports/movement", {"from": day, "to": day}))["totals"],
    )


async def run_job(client: PlatformClient, name: str, on: date) -> str:
    """Start a job for the date, wait until it is done (the console itself tries again what cannot be done yet), and return what it did."""
    run = await client.post("console", f"jobs/{name}/runs", {"on": on.isoformat()}, role="admin")

    async def ended() -> bool:
        run.update(await client.get("console", f"jobs/{name}/runs/{run['run_id']}", role="admin"))
        return run["status"] in ("done", "failed")

    await until(ended, f"the job {name} for {on} did not end")
    return f"{run['status']}: {run['detail']}"
