"""The demo from beginning to end: rules, customers, the bank's transactions, the demo's own, a new day, spending, gifts, its close, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from loyalty_shared.contracts.topics import CORE_TRANSACTIONS
from nanzhu_demo import report
from nanzhu_demo.bus import PublishedLedger, PublishedPoints, count_decided, end_of, read_points
from nanzhu_demo.client import PlatformClient
from nanzhu_demo.closing import Closed, close_day
from nanzhu_demo.core_bank import CoreBank, open_core_bank
from nanzhu_demo.invented import CUSTOMERS as INVENTED_CUSTOMERS
from nanzhu_demo.invented import InventedDay, invented_customers, invented_day
from nanzhu_demo.mall import GIFTS, MERCHANTS, open_mall
from nanzhu_demo.mapping import LEGAL_ENTITY, SOURCE_SYSTEM, BankMapping
from nanzhu_demo.ordering import Ordering, order_gifts
from nanzhu_demo.pkdd99 import read_pkdd99
from nanzhu_demo.rule_setup import approve_rules
from nanzhu_demo.rules import demo_rules
from nanzhu_demo.source import Source
from nanzhu_demo.spending import Channel, Spending, spend_points
from nanzhu_demo.streaming import Streamed, stream_bank, stream_customers
from nanzhu_demo.waiting import until_followed, until_ledger_published, until_read, until_settled
from nanzhu_local.endpoints import Endpoints

STATEMENT_LINES: Final = 12
#: Services that check what must always hold of their books.
CHECKED: Final = ("redemption", "settlement", "reporting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What the chapters of a run came to, until the close of its day."""

    streamed: Streamed
    day: InventedDay
    spending: Spending
    ordering: Ordering
    closed: Closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Tells the story on a platform that is up; `run` sets this run's own numbers apart from other runs'."""

    endpoints: Endpoints
    endpoints_file: Path
    source: Source
    console: Console
    run: str
    now: datetime

    async def tell(self) -> bool:
        """Play it all and print what came of it; return whether everything was as it should be."""
        async with PlatformClient(self.endpoints, LEGAL_ENTITY) as client, open_core_bank(self.endpoints.kafka, self.now) as bank:
            self._say(f"[bold]Rules[/] drafted by a maker, approved by a checker: {', '.join(await approve_rules(client, demo_rules()))}")
            before = await read_points(self.endpoints.kafka, LEGAL_ENTITY)
            streamed = await self._stream_bank(client, bank, before)
            day, business_on = await self._pass_a_day(client, bank)
            came_of_it = Came(
                streamed=streamed,
                day=day,
                spending=await self._spend(client, business_on),
                ordering=await self._order(client),
                closed=await self._close(client, business_on),
            )
            return await self._show(client, before, came_of_it)

    def _say(self, text: str) -> None:
        self.console.print(text, highlight=False)

    async def _stream_bank(self, client: PlatformClient, bank: CoreBank, before: PublishedPoints) -> Streamed:
        mapping = BankMapping(read_pkdd99(self.source.directory))
        customers, transactions = list(mapping.customers()), list(mapping.transactions())
        self._say(f"[bold]Data:[/] {self.source}: {len(transactions):,} transactions of {len({event.customer_no for event in customers}):,} customers")
        if before.earnings[SOURCE_SYSTEM]:
            self._say(
                "These data are in the platform already, from an earlier run. They are published once more, and must change nothing (`make clean` starts over)."
            )
        return await stream_bank(client, bank, customers, transactions, self.console)

    async def _pass_a_day(self, client: PlatformClient, bank: CoreBank) -> tuple[InventedDay, date]:
        """Publish the demo's own purchases of the business date, and what is given back; then begin the next day, on which their points can be spent."""
        today = date.fromisoformat((await client.get("console", "business-date", role="admin"))["business_on"])
        day = invented_day(self.run, today)
        await stream_customers(client, bank, invented_customers())
        await bank.publish(day.events)
        await until_read(client, "accrual", CORE_TRANSACTIONS, await end_of(bank.bootstrap_servers, CORE_TRANSACTIONS))
        for event in day.events:
            await until_settled(client, event)

        pending = await self._points_of_the_demos_own(client)
        tomorrow = today + timedelta(days=1)
        await client.post("console", "business-date", {"business_on": tomorrow.isoformat()}, role="admin")
        await until_followed(client, tomorrow)
        ready = await self._points_of_the_demos_own(client)
        self._say(
            f"[bold]A day passes:[/] {today} > {tomorrow} in every service. The demo's own customers had {pending['available']:,} points to spend "
            f"and {pending['pending']:,} pending; now {ready['available']:,} and {ready['pending']:,}"
        )
        return day, tomorrow

    async def _points_of_the_demos_own(self, client: PlatformClient) -> dict[str, int]:
        accounts = [await client.get("redemption", f"accounts/{customer_no}", role="channel") for customer_no in INVENTED_CUSTOMERS]
        return {
            "available": sum(account["available"] for account in accounts),
            "pending": sum(balance["pending"] for account in accounts for balance in account["balances"]),
        }

    async def _spend(self, client: PlatformClient, business_on: date) -> Spending:
        ledger = await until_ledger_published(client, self.endpoints.kafka)
        candidates = [customer_no for customer_no, _ in ledger.balances.most_common() if customer_no not in INVENTED_CUSTOMERS]
        with self.console.status("Customers spend their points"):
            spending = await spend_points(Channel(client, self.run, business_on), candidates)
        self._say(f"[bold]Customers spent:[/] {spending.in_words()}")
        return spending

    async def _order(self, client: PlatformClient) -> Ordering:
        await open_mall(client)
        ledger = await until_ledger_published(client, self.endpoints.kafka)
        with self.console.status("Customers order gifts"):
            ordering = await order_gifts(client, [customer_no for customer_no, _ in ledger.balances.most_common()])
        self._say(f"[bold]Gifts:[/] {len(MERCHANTS)} merchants approved, {len(GIFTS)} gifts on the shelf; {ordering.in_words()}")
        return ordering

    async def _close(self, client: PlatformClient, on: date) -> Closed:
        with self.console.status(f"The day {on} is closed"):
            closed = await close_day(client, on)
        self._say(f"[bold]The day {on} is closed:[/] {'; '.join(f'{name} {detail}' for name, detail in closed.jobs.items())}")
        return closed

    async def _show(self, client: PlatformClient, before: PublishedPoints, came: Came) -> bool:
        points, ledger = await read_points(self.endpoints.kafka, LEGAL_ENTITY), await until_ledger_published(client, self.endpoints.kafka)
        results = report.Results(
            source=str(self.source),
            streamed=came.streamed,
            earned_before=before.earned[SOURCE_SYSTEM],
            invented=len(came.day.events),
            decided=await count_decided(self.endpoints.kafka),
            points=points,
            ledger=ledger,
            spending=came.spending,
            ordering=came.ordering,
            closed=came.closed,
            invariants=[item for service in CHECKED for item in (await client.get(service, "invariants"))["items"]],
        )
        report.print_results(self.console, results)
        await self._show_a_customer(client, ledger)
        report.print_addresses(self.console, self.endpoints, self.endpoints_file, self.endpoints.operators[LEGAL_ENTITY].values())
        return not results.faults

    async def _show_a_customer(self, client: PlatformClient, ledger: PublishedLedger) -> None:
        """Show the statement of a customer whom many rules gave points, and why one of its lines has its points."""
        customer_no = max(ledger.rules_by_customer, key=lambda number: (len(ledger.rules_by_customer[number]), ledger.balances[number], number))
        account = await client.get("redemption", f"accounts/{customer_no}")
        entries: Sequence[dict[str, Any]] = (await client.get("redemption", f"accounts/{customer_no}/entries", {"limit": STATEMENT_LINES}))["items"]
        report.print_statement(self.console, account, entries)
        earned = next((entry["cause"] for entry in entries if entry["kind"] == "earned"), None)
        if earned is not None:
            path = f"decisions/{earned['source_system']}/{earned['no']}/{earned['leg']}"
            report.print_reasons(self.console, await client.get("accrual", path), f"GET {path}")
