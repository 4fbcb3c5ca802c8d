"""Many clients at once on few accounts, impatient, repeating themselves, the service killed under them: every answer is in the ledger exactly once.

What happened is told by the answers and the ledger's entries alone. Short in `make test`; 100,000 operations of 32 clients, and 1,000 reversals of each kind:
`NANZHU_LONG_RUN=1 .venv/bin/pytest tests/integration/redemption/ledger/test_workload.py`
"""

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from loyalty_shared.persistence.connections import is_transient
from redemption.adapters.rebuilding import begin_comparing_on
from redemption.application.rebuild_balances import RebuildBalances
from support.eventually import eventually
from support.killable_redemption import ENTITY, Asked, Client, KillableRedemption, entries_by_cause, killable_redemption, told
from support.ledger import Ledger, clawed_back, earned

LONG_RUN = os.environ.get("NANZHU_LONG_RUN") == "1"
CLIENTS = 32 if LONG_RUN else 8
OPERATIONS = 100_000 if LONG_RUN else 400
KILLS = 10 if LONG_RUN else 1
REVERSALS = 1_000 if LONG_RUN else 8
CUSTOMERS = [f"C{number:02d}" for number in range(20 if LONG_RUN else 6)]
#: Between two batches of earnings: consumers wait for records too.
BATCH_EVERY_SECONDS = 0.05

pytestmark = pytest.mark.timeout(4 * 3_600 if LONG_RUN else 300)

#: What a client does next, the more often the more often it stands here.
CALLS = ["grant", "reserve", "reserve", "redeem", "redeem", "capture", "capture", "release", "void", "refund", "refund", "reverse", "reverse"]


class Desk:
    """What all clients do: any call on any customer, and on what any of them made before."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.lock = threading.Lock()
        self.serials = 0
        self.reservations: list[str] = []
        self.redemptions: list[str] = []
        self.done: list[dict[str, Any]] = []

    def serial(self) -> dict[str, str]:
        with self.lock:
            self.serials += 1
            return {"channel_serial": f"{self.serials:07d}", "channel_date": "2026-03-01"}

    def act(self, client: Client) -> None:
        """Make one call, whatever it is, and remember what it made."""
        rng, customer_no = client.rng, client.rng.choice(CUSTOMERS)
        spending = {"customer_no": customer_no, "points": rng.randint(1, 40), "application": "mall", **self.serial()}
        match rng.choice(
            ("grant", "reserve", "reserve", "redeem", "redeem", "capture", "capture", "release", "void", "refund", "refund", "reverse", "reverse")
        ):
            case "grant":
                self.made(client.post("grants", {**spending_to_grant(spending), "points": rng.randint(20, 200)}))
            case "reserve":
                answered = self.made(client.post("reservations", {**spending, "expires_in_seconds": rng.choice((1, 60))}))
                if answered.status == 201:
                    self.reservations.append(answered.answer["reservation_id"])
            case "redeem":
                answered = self.made(client.post("redemptions", spending))
                if answered.status == 201:
                    self.redemptions.append(answered.answer["redemption_id"])
            case "capture" if self.reservations:
                answered = client.post(f"reservations/{rng.choice(self.reservations)}/capture", rng.choice(({}, {"points": 1})))
                if answered.status == 200:
                    self.redemptions.append(answered.answer["redemption_id"])
            case "release" if self.reservations:
                client.post(f"reservations/{rng.choice(self.reservations)}/release")
            case "void" if self.redemptions:
                client.post(f"redemptions/{rng.choice(self.redemptions)}/void")
            case "refund" if self.redemptions:
                self.made(client.post(f"redemptions/{rng.choice(self.redemptions)}/refunds", {"points": rng.randint(1, 20), **self.serial()}))
            case "reverse" if self.done:
                client.post("reversals", {**reversing(rng.choice(self.done[-200:])), **self.serial()})
            case _:
                pass

    def made(self, answered: Asked) -> Asked:
        assert answered.body is not None
        self.done.append(dict(answered.body))
        return answered


def spending_to_grant(spending: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spending.items() if key != "application"} | {"point_type": "base", "reason": "test"}


def reversing(original: dict[str, Any]) -> dict[str, Any]:
    return {"original_channel_serial": original["channel_serial"], "original_channel_date": original["channel_date"]}


def check_history(ledger: Ledger, history: Sequence[Asked]) -> Counter[str]:
    """Hold every answer against the entries, and every entry against the answers; return how often each outcome was."""
    entries = entries_by_cause(ledger.database)
    expected: dict[tuple[str, str], int] = {}
    reversals = set()
    for asked in history:
        answer, call = asked.answer, asked.path.rsplit("/", 1)[-1]
        if asked.status >= 400:
            continue
        match call:
            case "grants":
                expected["grant", answer["grant_id"]] = answer["points"]
            case "redemptions" | "capture":
                expected["redemption", answer["redemption_id"]] = -answer["points"]
            case "void":
                expected["redemption-void", answer["redemption_id"]] = answer["points"]
            case "refunds":
                expected["redemption-refund", answer["refund_id"]] = answer["points"]
            case "reversals":
                reversals.add(answer["reversal_id"])
            case _:
                pass
    by_calls = {cause: sum(points for _, _, points in found) for cause, found in entries.items() if cause[0] in {kind for kind, _ in expected}}
    assert by_calls == expected, "what was answered is in the ledger once, and nothing else is"
    assert {no for kind, no in entries if kind == "channel-reversal"} <= reversals
    return Counter(f"{asked.path.rsplit('/', 1)[-1]} {told(asked)}" for asked in history)


def check_books(ledger: Ledger) -> None:
    """Check every invariant, and that what is kept is what the entries say."""
    violations = ledger.violations()
    violations.pop("outbox-empties", None)  # nothing is published here
    assert not violations
    RebuildBalances(begin_comparing_on(ledger.database), ledger.clock)(ENTITY, repair=False)


@contextmanager
def earning_meanwhile(ledger: Ledger) -> Iterator[None]:
    """Credit and claw back points of the same customers in batches, as the consumer does, until the block ends."""
    ending, rng, failures = threading.Event(), random.Random(7), list[BaseException]()

    def credit() -> None:
        try:
            while not ending.wait(BATCH_EVERY_SECONDS):
                events = [earned(rng.randint(1, 30), customer_no) for customer_no in CUSTOMERS]
                batch = ledger.batch([*events, *(clawed_back(rng.randint(1, event.points), event) for event in rng.sample(events, 2))])
                try:
                    ledger.take(batch)
                except Exception as error:
                    if not is_transient(error):
                        raise
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=credit)
    thread.start()
    yield
    ending.set()
    thread.join()
    assert not failures, failures


@contextmanager
def killed_meanwhile(service: KillableRedemption, clients: Sequence[Client]) -> Iterator[None]:
    """Kill the service, and start it again, whenever another part of the operations has been asked for, until the block ends."""
    ending = threading.Event()

    def kill() -> None:
        for number in range(1, KILLS + 1):
            due = OPERATIONS * number // (KILLS + 1)
            eventually(lambda due=due: ending.is_set() or sum(client.asked for client in clients) >= due, timeout_seconds=3_600)  # type: ignore[misc]
            if ending.is_set():
                return
            service.kill()
            service.start()

    thread = threading.Thread(target=kill)
    thread.start()
    yield
    ending.set()
    thread.join()


def test_every_answer_is_in_the_ledger_exactly_once_whatever_happens_on_the_way(ledger: Ledger) -> None:
    with killable_redemption(ledger) as service:
        desk = Desk(random.Random(1))
        clients = [Client(service.url, random.Random(seed)) for seed in range(CLIENTS)]

        def work(client: Client) -> None:
            while client.asked < OPERATIONS // CLIENTS:
                desk.act(client)

        with earning_meanwhile(ledger), killed_meanwhile(service, clients), ThreadPoolExecutor(CLIENTS) as pool:
            for future in [pool.submit(work, client) for client in clients]:
                future.result()
    outcomes = check_history(ledger, [asked for client in clients for asked in client.history])
    assert outcomes["redemptions done"] > OPERATIONS // 30
    assert outcomes["capture done"] > OPERATIONS // 60
    check_books(ledger)


def test_a_reversed_original_has_no_effect_whenever_it_comes(ledger: Ledger) -> None:
    with killable_redemption(ledger) as service, ThreadPoolExecutor(8) as pool:
        desk = Desk(random.Random(2))
        Client(service.url, random.Random(0)).post("grants", {**spending_to_grant({"customer_no": "C00", **desk.serial()}), "points": 1_000_000})

        def one(kind: str, number: int) -> list[Asked]:
            first, second, third = (Client(service.url, random.Random(f"{kind}-{number}-{name}")) for name in "abc")
            body = {"customer_no": "C00", "points": 7, "application": "mall", **desk.serial()}
            path = "redemptions" if number % 2 else "reservations"
            original: Callable[[], Asked] = lambda: first.post(path, body)  # noqa: E731 -- named for what it stands for
            reverse = [lambda who=who: who.post("reversals", {**reversing(body), **desk.serial()}) for who in (second, third)]
            match kind:
                case "unknown":
                    answers = [reverse[0]()]
                    assert answers[0].answer["status"] == "nothing-to-reverse"
                case "in flight":
                    answers = side_by_side([original, *reverse])
                case "done":
                    answers = [original(), reverse[0]()]
                    assert answers[0].status == 201, answers[0]
                    assert answers[1].answer["status"] == "reversed"
                case "late":
                    answers = [reverse[0](), original()]
                    assert (answers[0].answer["status"], told(answers[1])) == ("nothing-to-reverse", "reversed-before-arrival")
                case _:
                    answers = [original(), *side_by_side(reverse)]
                    assert [answer.answer["status"] for answer in answers[1:]] == ["reversed"] * 2
            for client in (first, second, third):
                client.http.close()
            return answers

        kinds = ("unknown", "in flight", "done", "late", "twice")
        for kind in kinds:
            for future in [pool.submit(one, kind, number) for number in range(REVERSALS)]:
                future.result()
    assert ledger.balance("C00").available == 1_000_000
    assert ledger.balance("C00").held == 0
    check_books(ledger)


def side_by_side(calls: Sequence[Callable[[], Asked]]) -> list[Asked]:
    """Make the calls at one moment."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]
