"""What the benchmark says: a table for people, a JSON document for whoever compares."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.spending import PACED_PAIRS_PER_SECOND, Floor, Pairs, Spending
from bench.spending_accounts import CUSTOMERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the workload. Rates are events per second, from the start of the services' processes.

    `processor_us`: microseconds of processor per event, until drained.
    """

    events: int
    decided_per_second: int
    posted_per_second: int
    posted_seconds: float
    drained_seconds: float
    earnings: int
    earnings_per_event: float
    earned_share: float
    processor_us: Mapping[str, float]
    stages_us: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The platform beside its floor, measured in the same minute; `floor_ratio` is end to end: posted over posted."""

    floor_ratio: float
    decided_ratio: float
    rules: int
    floor: Mapping[str, int]
    platform: Run


def save(result: Result | None, spending: Spending | None, path: Path) -> None:
    """Write what was measured as JSON, `floor_ratio` at its top and `spending` at its end; a stage that was left out keeps what an earlier run found."""
    path.parent.mkdir(parents=True, exist_ok=True)
    measured = ({} if result is None else asdict(result)) | ({} if spending is None else {"spending": asdict(spending)})
    path.write_text(json.dumps(kept(path) | measured, indent=2) + "\n")


def kept(path: Path) -> dict[str, Any]:
    """Return what earlier runs found; empty when there were none."""
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def show(result: Result, console: Console) -> None:
    """Print the result."""
    run = result.platform
    rates = Table(title=f"{run.events:,} events, {result.rules} live rules, {run.earnings_per_event:.2f} earnings an event, {run.earned_share:.0%} earn")
    for heading in ("", "the floor (no rules)", "the platform", "ratio"):
        rates.add_column(heading, justify="right" if heading else "left")
    rates.add_row("decided, events/s", f"{result.floor['decided_per_second']:,}", f"{run.decided_per_second:,}", f"{result.decided_ratio:.2f}")
    rates.add_row("posted, events/s", f"{result.floor['posted_per_second']:,}", f"{run.posted_per_second:,}", f"{result.floor_ratio:.2f}")
    rates.add_row("earnings posted, a second", "", f"{run.earnings * run.posted_per_second // max(run.events, 1):,}", "")
    rates.add_row("until posted, until every consumer had drained", "", f"{run.posted_seconds:.1f} s, {run.drained_seconds:.1f} s", "")
    rates.add_row("drained over posted (at most 1.3)", "", f"{run.drained_seconds / run.posted_seconds:.2f}", "")
    console.print(rates)
    budget = Table(title="where the time goes, in microseconds of processor per event")
    budget.add_column("process")
    budget.add_column("µs", justify="right")
    for name, microseconds in run.processor_us.items():
        budget.add_row(name, f"{microseconds:.1f}")
    budget.add_row("sum", f"{sum(run.processor_us.values()):.1f}", style="bold")
    console.print(budget)
    stages = Table(title="stages, in microseconds on the clock per event")
    stages.add_column("stage")
    stages.add_column("µs", justify="right")
    for name, microseconds in run.stages_us.items():
        stages.add_row(name, f"{microseconds:.1f}")
    console.print(stages)


def show_spending(spending: Spending, console: Console) -> None:
    """Print how spending did, a load a row."""
    table = Table(title=f"reserve + capture pairs over HTTP by wrk; load average before: {spending.load_average_before}")
    headings = ("", "pgbench, same SQL (µs a pair)", "pairs/s", "ratio", "pair p50, p99 ms", "call p50, p99 ms", "errors", "wrk's share", "µs a pair")
    for heading in headings:
        table.add_column(heading, justify="right" if heading else "left")
    loads: list[tuple[str, str, str, Pairs]] = [
        (f"{CUSTOMERS:,} accounts", _shown(spending.floor), f"{spending.ratio:.2f}", spending.many_accounts),
        ("one account", _shown(spending.floor_one_account), f"{spending.ratio_one_account:.2f}", spending.one_account),
    ]
    if (streaming := spending.streaming) is not None:
        name = f"{PACED_PAIRS_PER_SECOND} a second, accrual asked for {streaming.asked_per_second:,} events/s, decided {streaming.decided_per_second:,}"
        loads.append((name, "", "", streaming.pairs))
    for name, floor, ratio, pairs in loads:
        table.add_row(
            name,
            floor,
            f"{pairs.per_second:,}",
            ratio,
            f"{pairs.p50_ms:.1f}, {pairs.p99_ms:.1f}",
            f"{pairs.call_p50_ms:.1f}, {pairs.call_p99_ms:.1f}",
            f"{pairs.errors}",
            f"{pairs.wrk_share:.1%}",
            _listed(pairs.processor_us),
        )
    console.print(table)
    console.print(f"by processor time alone the ratio is {spending.processor_ratio:.2f}")


def _shown(floor: Floor) -> str:
    return f"{floor.per_second:,} ({_listed(floor.processor_us)})"


def _listed(processor_us: Mapping[str, int]) -> str:
    return ", ".join(f"{part} {microseconds:,}" for part, microseconds in processor_us.items())
