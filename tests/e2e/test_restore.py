"""Accrual's database set back to an earlier moment: a new epoch begins, and no point is lost or doubled."""

import os
import subprocess
from pathlib import Path
from typing import Any

from nanzhu_local.platform import LocalPlatform
from nanzhu_local.postgres_install import account_for_postgres, installation_for
from support.bank import Bank, open_bank
from support.platform import execute
from support.rules import rule


def test_accrual_restored_to_an_earlier_moment_begins_a_new_epoch(platform: LocalPlatform, tmp_path: Path) -> None:
    bank = open_bank(platform)
    bank.approve(rule("base", {"per_minor": 100, "points": 1}))
    customers = [f"E{number:03d}" for number in range(30)]
    events = [bank.purchase(f"E{number:05d}", customers[number % 30], f"{number + 10}.00") for number in range(900)]
    epoch_before = max(_epochs(bank))

    bank.publish(*events[:300])
    bank.drained()
    database = platform.endpoints.services["accrual"].database
    _run("pg_dump", "--format=custom", f"--file={tmp_path / 'accrual.dump'}", database)
    bank.publish(*events[300:600])
    bank.drained()

    platform.stop("accrual")
    execute(platform.database_server, "DROP DATABASE {} WITH (FORCE)", "accrual")
    execute(platform.database_server, "CREATE DATABASE {} OWNER accrual", "accrual")
    _run("pg_restore", f"--dbname={database}", str(tmp_path / "accrual.dump"))
    platform.start("accrual")
    bank.publish(*events[600:])
    bank.drained(120)

    earned: dict[str, int] = dict.fromkeys(customers, 0)
    for event in events:
        earned[event["customer_no"]] += event["amount_minor"] // 100
    assert {customer: balances[0]["available"] for customer, balances in bank.balances(customers).items()} == earned
    assert min(_epochs(bank)) > epoch_before
    assert bank.violations() == {}


def _epochs(bank: Bank) -> list[int]:
    """Return the epoch that redemption expects of accrual in each partition."""
    headers = {"Authorization": f"Bearer {bank.tokens['auditor']}"}
    items: list[dict[str, Any]] = bank.http.get(f"{bank.platform.endpoints.services['redemption'].http}/v1/consumers", headers=headers).json()["items"]
    sequences = [row["sequence_expected"] for row in items if row["topic"] == "loyalty.accrual.points"]
    return [int(str(sequence).partition(".")[0]) for sequence in sequences if sequence] or [0]


def _run(program: str, *arguments: str) -> None:
    """Run a tool of the PostgreSQL that the platform uses."""
    directory = installation_for(account_for_postgres()) / "bin"
    subprocess.run([str(directory / program), *arguments], check=True, capture_output=True, env=os.environ | {"LC_ALL": "C"})
