"""What the demo prints at its end: the table that says what came of it, a customer's statement, why one line has its points, and where to look next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nanzhu_demo.bus import PublishedLedger, PublishedPoints
from nanzhu_demo.closing import COLUMNS, Closed
from nanzhu_demo.invented import SOURCE_SYSTEM as INVENTED
from nanzhu_demo.mapping import SOURCE_SYSTEM as BANK
from nanzhu_demo.ordering import Ordering
from nanzhu_demo.spending import Spending
from nanzhu_demo.streaming import Streamed
from nanzhu_local.endpoints import Endpoints

_WIDTH: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All that the closing table tells. `earned_before`: points the bank's data had earned before this run, 0 on a new platform."""

    source: str
    streamed: Streamed
    earned_before: int
    invented: int
    decided: int
    points: PublishedPoints
    ledger: PublishedLedger
    spending: Spending
    ordering: Ordering
    closed: Closed
    invariants: Sequence[Mapping[str, Any]]

    @property
    def were_repeats(self) -> bool:
        """Tell whether the stream was there already and earned nothing more."""
        return 0 < self.earned_before == self.points.earned[BANK]

    @property
    def violations(self) -> int:
        """Violations of all invariants together."""
        return sum(int(invariant["violations"]) for invariant in self.invariants)

    @property
    def faults(self) -> list[str]:
        """What is not as it should be, in words; empty when all is well."""
        faults = [*self.spending.surprises, *self.ordering.surprises, *self.closed.faults(self.ledger)]
        faults += [f"invariant {invariant['name']}: {invariant['violations']} violations" for invariant in self.invariants if invariant["violations"]]
        for source, earned in self.points.earned.items():
            posted = self.ledger.by_source[source, "earned"]
            if posted != earned:
                faults.append(f"accrual gave {earned:,} points for {source}, the ledger holds {posted:,}")
        faults += [f"the job {name}: {detail}" for name, detail in self.closed.jobs.items() if not detail.startswith("done")]
        return faults


def print_results(console: Console, results: Results) -> None:
    """Print the closing table, and in red what is not as it should be."""
    table = Table(title="What came of it", show_header=False, title_justify="left", min_width=_WIDTH)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")
    for rows in (_rows_in(results), _rows_of_points(results), _rows_of_the_close(results), _rows_of_health(results)):
        for row in rows:
            table.add_row(*row)
        table.add_section()
    console.print(table)
    console.print(f"Data: {escape(results.source)}. What each field comes from: docs/data-mapping.md", style="dim", highlight=False)
    for fault in results.faults:
        console.print(f"[bold red]Not as it should be:[/] {escape(fault)}", highlight=False)


def _rows_in(results: Results) -> list[tuple[str, str, str]]:
    streamed = results.streamed
    repeats = "all of them repeats of an earlier run: skipped" if results.were_repeats else f"and {streamed.customers:,} customer events before them"
    return [
        ("Bank transactions in", f"{streamed.transactions:,}", repeats),
        ("The demo's own in", f"{results.invented:,}", f"purchases, refunds, reversals: invented, source system `{INVENTED}`"),
        ("Decided, of all runs", f"{results.decided:,}", "one decision for each event, also for those that earn nothing"),
    ]


def _rows_of_points(results: Results) -> list[tuple[str, str, str]]:
    points, ledger, spending = results.points, results.ledger, results.spending
    same = ", the same as before this run" if results.were_repeats else ""
    holders = sum(1 for balance in ledger.balances.values() if balance)
    return [
        ("Earned from the bank's data", f"{points.earned[BANK]:,}", f"points in {points.earnings[BANK]:,} earnings{same}"),
        ("Earned by the demo's own", f"{points.earned[INVENTED]:,}", f"of which refunds and reversals took back {points.clawed_back[INVENTED]:,}"),
        ("Lapsed", f"{-ledger.by_kind['expired']:,}", "under rules that let points lapse, and posted so far"),
        ("Spent in this run", f"{spending.spent:,}", f"net of what came back, in {spending.times['captured'] + spending.times['redeemed']} redemptions"),
        ("Gifts ordered in this run", f"{results.ordering.times['ordered']}", f"for {results.ordering.used:,} points, net of {_came_back(results.ordering)}"),
        ("Outstanding", f"{ledger.outstanding:,}", f"points of {holders:,} customers, pending included"),
    ]


def _came_back(ordering: Ordering) -> str:
    return f"{ordering.times['cancelled']} cancelled and {ordering.times['returned']} returned"


def _rows_of_the_close(results: Results) -> list[tuple[str, str, str]]:
    closed, movement = results.closed, results.closed.movement
    ties = "not the ledger's: see below" if closed.faults(results.ledger) else "the ledger's, to the point"
    moved = ", ".join(f"{name.replace('_', ' ')} {movement[name]:,}" for name in COLUMNS if movement[name])
    return [
        ("Day closed", f"{closed.on}", "by the console's job list"),
        ("Settled", f"{closed.settled('pays'):,}", f"points used that day, in {len(closed.batches)} batches of who pays and who receives: {ties}"),
        ("Movement report, closing", f"{movement['closing']:,}", f"{moved}: {ties}"),
    ]


def _rows_of_health(results: Results) -> list[tuple[str, str, str]]:
    streamed = results.streamed
    decided, posted = streamed.transactions / streamed.decided_seconds, streamed.transactions / streamed.posted_seconds
    kind = "repeats" if results.were_repeats else "events"
    return [
        ("Invariants checked", f"{len(results.invariants)}", f"{results.violations:,} violations"),
        ("Decided per second", f"{decided:,.0f}", f"{kind}, over {streamed.decided_seconds:.1f} s from the first one published"),
        ("Posted per second", f"{posted:,.0f}", f"{kind}, over {streamed.posted_seconds:.1f} s, to the last point in the ledger"),
    ]


def print_statement(console: Console, account: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> None:
    """Print the last lines of a customer's statement."""
    pending = sum(balance["pending"] for balance in account["balances"])
    title = f"Customer {account['customer_no']}: {account['available']:,} points to spend, {pending:,} pending; the last lines of the statement"
    table = Table("date", "what", "rule or application", "because of", "type", title=title, title_justify="left", min_width=_WIDTH)
    table.add_column("points", justify="right")
    table.add_column("balance", justify="right")
    for entry in entries:
        cause, why = entry["cause"], entry["rule_code"] or entry["application"] or ""
        because = f"{cause['kind']} {cause['no']}"
        table.add_row(entry["business_on"], entry["kind"], why, because, entry["point_type"], f"{entry['points']:+,}", f"{entry['balance_after']:,}")
    console.print(table)


def print_reasons(console: Console, decision: Mapping[str, Any], call: str) -> None:
    """Print why a transaction earned what it did, rule by rule."""
    table = Table("rule", "version", title=f"Why {decision['points']} points? {call}", title_justify="left", min_width=_WIDTH)
    table.add_column("points", justify="right")
    table.add_column("because")
    for rule in decision["rules"]:
        cuts = [_cut_in_words(limit) for limit in rule["limits"] if limit["allowed"] < limit["asked"]]
        table.add_row(rule["code"], str(rule["version"]), f"{rule['points']:,}", "; ".join([str(rule["reason"] or "applied"), *cuts]))
    console.print(table)


def _cut_in_words(limit: Mapping[str, Any]) -> str:
    return f"{limit['points']:,} a {limit['per']}, of which {limit['used']:,} were used: {limit['asked']:,} cut to {limit['allowed']:,}"


def print_addresses(console: Console, endpoints: Endpoints, endpoints_file: Path, operators: Iterable[Mapping[str, str]]) -> None:
    """Print where to look next, with the operators' passwords, and how to stop."""
    table = Table("service", "API documents", "metrics", title="The platform is up", title_justify="left", min_width=_WIDTH)
    for name, service in endpoints.services.items():
        table.add_row(name, f"{service.http}/docs", service.metrics)
    console.print(table)
    sign_in = Table("operator", "password", title=f"The console: {endpoints.services['console'].http}/", title_justify="left", min_width=_WIDTH)
    for operator in operators:
        sign_in.add_row(operator["operator"], operator["password"])
    console.print(sign_in)
    console.print(f"Kafka {endpoints.kafka}; credentials and databases: {escape(str(endpoints_file))}", highlight=False, soft_wrap=True)
    console.print(
        "Stop it and keep the data: [bold]make down[/]. Delete the data: [bold]make clean[/]. Run the demo again: [bold]make demo[/].", highlight=False
    )
