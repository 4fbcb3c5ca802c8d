"""Settlement over the running platform: a day of purchases, spends, refunds, cancellations and expiry settles to the point."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import psycopg2
import pytest

from nanzhu_local.platform import LocalPlatform
from support.bank import TODAY, Bank, at, open_bank
from support.eventually import eventually
from support.rules import rule

BEARERS = [{"party": "card", "percent": 40}, {"party": "retail", "percent": 60}]


def reconciled(bank: Bank, on: date) -> Any:
    """Return the date's reconciliation, once settlement has read the ledger's close."""
    return eventually(lambda: bank.get("settlement", f"reconciliations/{on}"))


def corrupt(platform: LocalPlatform, statement: str) -> None:
    """Change rows of settlement's database."""
    with closing(psycopg2.connect(platform.endpoints.services["settlement"].database)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def started(platform: LocalPlatform) -> Iterator[LocalPlatform]:
    """Return the platform with settlement running when the test ends, whatever it did."""
    yield platform
    platform.start("settlement")


def test_a_day_settles_to_the_point_also_when_settlement_was_down_for_all_of_it(started: LocalPlatform) -> None:
    bank = open_bank(started)
    started.stop("settlement")
    bank.approve(
        rule(
            "shared",
            {"per_minor": 100, "points": 1},
            cost_bearers=BEARERS,
            available="at_once",
            expires={"days": 0},
            when={"fact": "transaction.mcc", "is": "5411"},
        ),
        rule("own", {"per_minor": 100, "points": 1}, available="at_once", expires={"days": 30}, when={"fact": "transaction.mcc", "is": "5812"}),
    )
    purchases = [
        bank.purchase(f"S{number}", f"C{number % 3}", f"{100 + number}.00", transaction_at=at(TODAY), posted_on=TODAY.isoformat(), mcc=mcc)
        for number, mcc in enumerate(("5411", "5812", "5812") * 4)
    ]
    bank.publish(*purchases)
    bank.publish(bank.refund("R1", purchases[0], "33.00"), bank.refund("R2", purchases[1], "101.00"))
    bank.drained()

    spent = [
        bank.post("redemption", "redemptions", bank.spend(f"C{number % 3}", 30 + number, application=("mall", "donation")[number % 2])) for number in range(6)
    ]
    bank.post("redemption", f"redemptions/{spent[0]['redemption_id']}/void")
    bank.post("redemption", f"redemptions/{spent[1]['redemption_id']}/refunds", {"points": 7, **bank.serial()})
    wrong = bank.spend("C2", 11)
    bank.post("redemption", "redemptions", wrong)
    reversal = {"original_channel_serial": wrong["channel_serial"], "original_channel_date": wrong["channel_date"], **bank.serial()}
    assert bank.post("redemption", "reversals", reversal)["status"] == "reversed"
    bank.post("redemption", "grants", {"customer_no": "C9", "points": 50, "point_type": "bonus", "reason": "welcome", **bank.serial()})

    bank.post("console", "business-date", {"business_on": (TODAY + timedelta(days=1)).isoformat()}, role="admin")
    started.start("settlement")
    done = reconciled(bank, TODAY)
    assert (done["status"], done["breaks"]) == ("tied", 0)
    figures = {check["name"]: check["ledger"] for check in done["checks"]}
    assert figures["points.redeemed"] == -(30 + 31 + 32 + 33 + 34 + 35 + 11)
    assert figures["points.granted"] == 50
    assert set(done["without_batch"]) == {"bank", "card", "retail", "redeemed:mall", "redeemed:donation"}

    body = {"party": "retail", "business_on": TODAY.isoformat()}
    made = bank.post("settlement", "batches", body, role="maker")
    assert bank.refused("batches", body, role="maker", service="settlement") == (409, "batch-already-made")
    assert bank.refused(f"batches/{made['batch_id']}/review", role="maker", service="settlement") == (403, "maker-cannot-approve")
    assert bank.post("settlement", f"batches/{made['batch_id']}/review", role="checker")["status"] == "reviewed"
    assert bank.post("settlement", f"batches/{made['batch_id']}/release", role="checker")["status"] == "released"
    assert bank.post("settlement", "jobs/make-batches/runs", {"on": TODAY.isoformat()}, role="admin") == {"status": "done", "detail": "4 batches made"}
    batches = bank.get("settlement", "batches", business_on=TODAY.isoformat())["items"]
    used = sum(spend["points"] for spend in spent) - 30 - 7
    assert sum(batch["points"] for batch in batches if batch["direction"] == "pays") == used
    assert sum(batch["points"] for batch in batches if batch["direction"] == "receives") == used
    assert reconciled(bank, TODAY)["without_batch"] == []

    # A row of the view is changed behind its back: the check finds it, and the rebuild from the bus mends it, while the consumer runs.
    corrupt(started, f"update ledger_points set points = points + 1 where legal_entity = '{bank.legal_entity}' and kind = 'granted'")
    assert [(item["name"], item["difference"]) for item in bank.get("settlement", f"reconciliations/{TODAY}/breaks")["items"]] == [
        ("points.granted", 1),
        ("batch.bank.granted", -1),
    ]
    started.job("settlement", "rebuild", bank.legal_entity, TODAY)
    assert reconciled(bank, TODAY)["breaks"] == 0

    # The next day brings expiry of what was not used, and a refund of what had lapsed.
    bank.post("redemption", f"redemptions/{spent[3]['redemption_id']}/refunds", {"points": 33, **bank.serial()})
    bank.post("redemption", "jobs/expire-points/runs", {"on": (TODAY + timedelta(days=1)).isoformat()}, role="admin")
    bank.advance(TODAY + timedelta(days=2))
    done = reconciled(bank, TODAY + timedelta(days=1))
    assert (done["status"], done["breaks"]) == ("tied", 0)
    assert {check["name"] for check in done["checks"]} >= {"points.expired", "points.restored"}
    assert bank.violations() == {}
    assert all(item["violations"] == 0 for item in bank.get("settlement", "invariants")["items"])
