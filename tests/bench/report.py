"""What the benchmark says: a table for people, a JSON document for whoever compares."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


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


def save(result: Result, path: Path) -> None:
    """Write the result as JSON, `floor_ratio` at its top."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(result), indent=2) + "\n")


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
