"""Cuts the sample that the project keeps out of the whole data set: `python -m nanzhu_demo.sampling WHOLE`.

It keeps whole accounts, so that a customer's story is complete.
"""

import csv
import hashlib
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from nanzhu_demo.pkdd99 import Pkdd99, read_pkdd99
from nanzhu_demo.source import SAMPLE

ROWS_WANTED: Final = 2_000
#: Nobody's story is so long that the others find no room.
ROWS_MAX_PER_ACCOUNT: Final = 90


def accounts_for_sample(data: Pkdd99) -> set[int]:
    """Return accounts with about ROWS_WANTED transactions.

    All that have card withdrawals, three of each kind of transaction and type of card, the rest by a hash of their number.
    """
    rows = Counter(row.account_id for row in data.transactions)
    by_hash = sorted(rows, key=lambda account_id: hashlib.sha256(str(account_id).encode()).digest())
    short = [account_id for account_id in by_hash if rows[account_id] <= ROWS_MAX_PER_ACCOUNT]
    kinds: dict[int, set[str]] = {account_id: set() for account_id in rows}
    for row in data.transactions:
        kinds[row.account_id].add(f"{row.type}/{row.operation}/{row.k_symbol}")
    for card in data.cards.values():
        kinds.get(data.dispositions[card.disp_id].account_id, set()).add(f"card {card.type}")

    chosen = {row.account_id for row in data.transactions if row.operation == "VYBER KARTOU"}
    for kind in sorted(set().union(*kinds.values())):
        chosen.update([account_id for account_id in short if kind in kinds[account_id]][:3])
    for account_id in short:
        if sum(rows[each] for each in chosen) >= ROWS_WANTED:
            break
        chosen.add(account_id)
    return chosen


def write_sample(whole: Path, sample: Path) -> None:
    """Write the rows of the chosen accounts, and all that belongs to them, in the format and order of the whole files."""
    data = read_pkdd99(whole)
    accounts = accounts_for_sample(data)
    disps = [disp for disp in data.dispositions.values() if disp.account_id in accounts]
    clients = {disp.client_id for disp in disps}
    districts = {data.accounts[account_id].district_id for account_id in accounts} | {data.clients[client_id].district_id for client_id in clients}
    keep = {
        "trans.asc": ("account_id", accounts),
        "account.asc": ("account_id", accounts),
        "disp.asc": ("account_id", accounts),
        "client.asc": ("client_id", clients),
        "card.asc": ("disp_id", {disp.disp_id for disp in disps}),
        "district.asc": ("A1", districts),
    }
    for name, (column, numbers) in keep.items():
        (sample / name).write_text("".join(_lines_with(whole / name, column, numbers)), encoding="utf-8", newline="")


def _lines_with(path: Path, column: str, numbers: Collection[int]) -> Iterator[str]:
    header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    yield header
    place = next(csv.reader([header], delimiter=";")).index(column)
    for line in lines:
        if int(next(csv.reader([line], delimiter=";"))[place]) in numbers:
            yield line


if __name__ == "__main__":
    write_sample(Path(sys.argv[1]), SAMPLE)
