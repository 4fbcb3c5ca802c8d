"""An independent recount of what the demo's rules give: from the raw `.asc` rows, in plain Python, slow and obvious.

It imports nothing of the platform or of the demo. The rules' numbers, the mapping and the assignment of merchants are written out here a second time, from
docs/data-mapping.md, so that a fault in the code that the demo uses cannot hide in its own check.
`python tests/e2e/demo/recount.py DIRECTORY` prints the points by rule and in total.
"""

import csv
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

#: customer number > rule code > points, zero left out.
Points = dict[str, dict[str, int]]

SPENDING = {"VYBER", "VYBER KARTOU"}
MCC_PERCENTS = [
    ("5411", 28),
    ("5541", 10),
    ("5311", 10),
    ("5812", 9),
    ("5651", 7),
    ("5912", 6),
    ("5712", 5),
    ("5732", 5),
    ("4111", 4),
    ("7011", 3),
    ("4722", 3),
    ("8062", 3),
    ("8211", 3),
    ("9311", 2),
    ("7995", 2),
]


def recount(directory: Path) -> Points:
    """Return what each customer earns under each of the demo's rules for the rows of `trans.asc`, in the file's order."""
    owner_of = {row["account_id"]: row["client_id"] for row in raw_rows(directory / "disp.asc") if row["type"] == "OWNER"}
    card_of = cards_by_account(directory)
    given: dict[tuple[str, str], int] = defaultdict(int)
    used: dict[tuple[str, str, str], int] = defaultdict(int)

    for row in raw_rows(directory / "trans.asc"):
        customer_no = "C" + owner_of[row["account_id"]].zfill(8)
        day, month = row["date"], row["date"][:4]
        haler = round(float(row["amount"]) * 100)
        operation, k_symbol = row["operation"].strip(), row["k_symbol"].strip()
        level = level_on(day, card_of.get(row["account_id"]))
        spent = operation in SPENDING and k_symbol == ""
        mcc = mcc_of(row["trans_id"]) if spent else None

        wanted: dict[str, int] = {}
        if spent and mcc in ("4111", "4722", "5812", "7011"):
            if haler >= 800_000:
                wanted["dining-and-travel"] = haler // 8_000
            elif haler >= 200_000:
                wanted["dining-and-travel"] = 60
            else:
                wanted["dining-and-travel"] = 10
        elif spent and mcc not in ("7995", "8062", "8211", "9311") and haler >= 10_000:
            wanted["everyday-spending"] = min(150, haler // 10_000)
        if spent and level == "junior" and mcc != "7995" and day < "940101":
            wanted["junior-spending"] = 5
        if k_symbol == "SIPO" or (operation == "PREVOD NA UCET" and k_symbol == "POJISTNE"):
            whole, rest = divmod(haler, 5_000)
            wanted["household-payments"] = whole + (1 if rest >= 2_500 else 0)
            if level in ("gold", "classic"):
                wanted["card-holder-payments"] = wanted["household-payments"] // 2
        if k_symbol == "DUCHOD":
            wanted["pension-credited"] = 30
        if operation == "VKLAD" and haler >= 100_000:
            wanted["savings-deposits"] = haler // 50_000

        for rule, points in wanted.items():
            for period, most in LIMITS[rule].items():
                room = most - used[customer_no, rule, day if period == "day" else month]
                points = min(points, room)
            used[customer_no, rule, day] += points
            used[customer_no, rule, month] += points
            given[customer_no, rule] += points

    return nested((customer_no, rule, points) for (customer_no, rule), points in given.items() if points)


LIMITS: dict[str, dict[str, int]] = {
    "dining-and-travel": {"month": 300},
    "everyday-spending": {"day": 200, "month": 500},
    "junior-spending": {"day": 10},
    "household-payments": {},
    "card-holder-payments": {},
    "pension-credited": {"month": 30},
    "savings-deposits": {"day": 40, "month": 60},
}


def points_by_customer(points: Points) -> dict[str, int]:
    """Return each customer's points of all rules together."""
    return {customer_no: sum(rules.values()) for customer_no, rules in points.items()}


def points_by_rule(points: Points) -> dict[str, int]:
    """Return each rule's points of all customers together."""
    totals: dict[str, int] = defaultdict(int)
    for rules in points.values():
        for rule, number in rules.items():
            totals[rule] += number
    return dict(totals)


def raw_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of one `.asc` file as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def cards_by_account(directory: Path) -> dict[str, dict[str, str]]:
    """Return the card of each account that has one; only owners have cards."""
    account_of = {row["disp_id"]: row["account_id"] for row in raw_rows(directory / "disp.asc")}
    return {account_of[row["disp_id"]]: row for row in raw_rows(directory / "card.asc")}


def level_on(day: str, card: dict[str, str] | None) -> str:
    """Return the customer's level on a day YYMMDD: the card's type from its issue on; a card issued after the data end counts from the beginning."""
    if card is None:
        return "standard"
    issued = card["issued"][:6]
    return card["type"] if issued > "940331" or issued <= day else "standard"


def mcc_of(trans_id: str) -> str:
    """Return the category that a withdrawal is taken to have been spent in."""
    number = int(hashlib.sha256(f"nanzhu-demo-1:mcc:{trans_id}".encode()).hexdigest()[:16], 16) % 100
    for mcc, percent in MCC_PERCENTS:
        if number < percent:
            return mcc
        number -= percent
    raise AssertionError("the percents add up to 100")


def nested(rows: Iterable[tuple[str, str, int]]) -> Points:
    """Return rows of customer, rule, points as customer > rule > points."""
    points: Points = defaultdict(dict)
    for customer_no, rule, number in rows:
        points[customer_no][rule] = number
    return dict(points)


if __name__ == "__main__":
    counted = recount(Path(sys.argv[1]))
    for code, sum_of_points in sorted(points_by_rule(counted).items()):
        print(f"{code:24}{sum_of_points:>12,}")
    print(f"{'in total':24}{sum(points_by_customer(counted).values()):>12,}   {len(counted):,} customers")
