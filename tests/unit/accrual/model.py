"""A slow and plain reading of contracts.md sections 4 and 5 on raw rule documents, written apart from the engine, to hold it against.

It keeps every earning in a list and adds up what a limit asks for; it knows no index, no counters and no compiled code, and decides a refund from a copy of
that list.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1


@dataclass
class Earning:
    code: str
    account: str
    merchant: str | None
    on: date
    points: int
    point_type: str
    rule_no: int
    purchase: int


@dataclass
class Purchase:
    event: TransactionPostedV1
    on: date
    history: list[Earning]
    remaining: int
    earnings: list[Earning]
    was_reversed: bool = False


@dataclass
class Version:
    rule_no: int
    version: int
    document: dict[str, Any]
    stopped_on: date | None = None


@dataclass
class Model:
    """One customer's earnings under versions of rules, decided one event after the other."""

    versions: list[Version]
    facts: CustomerChangedV1
    earnings: list[Earning] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)

    def post(self, event: TransactionPostedV1, on: date) -> dict[int, int]:
        """Return points by rule_no that a purchase earns."""
        history = deepcopy(self.earnings)
        given = self.worth(event, on, event.amount_minor, history)
        by_no = {version.rule_no: version.document for version in self.versions}
        made = [
            Earning(by_no[no]["code"], event.account_no, event.merchant_no, on, points, by_no[no]["point_type"], no, len(self.purchases))
            for no, points in given.items()
        ]
        self.earnings += made
        self.purchases.append(Purchase(event, on, history, event.amount_minor, made))
        return given

    def refund(self, number: int, amount: int | None) -> int:
        """Return how many points a refund of the purchase takes; amount None: a reversal."""
        purchase = self.purchases[number]
        if purchase.was_reversed or (amount is not None and not 0 < amount <= purchase.remaining):
            return 0
        purchase.was_reversed = amount is None
        purchase.remaining = 0 if amount is None else purchase.remaining - amount
        worth = self.worth(purchase.event, purchase.on, purchase.remaining, purchase.history)
        by_no = {version.rule_no: version.document for version in self.versions}
        total = 0
        for point_type in sorted({earning.point_type for earning in purchase.earnings}):
            mine = [earning for earning in purchase.earnings if earning.point_type == point_type]
            worth_now = sum(points for no, points in worth.items() if by_no[no]["point_type"] == point_type)
            take = max(0, sum(earning.points for earning in mine) - worth_now)
            total += take
            for earning in mine:
                part = min(take, max(0, earning.points - worth.get(earning.rule_no, 0)))
                earning.points -= part
                take -= part
            assert take == 0
        return total

    def worth(self, event: TransactionPostedV1, on: date, amount: int, history: list[Earning]) -> dict[int, int]:
        """Return points by rule_no for an amount, given what had been earned."""
        if amount == 0 or self.facts.status == "blacklisted":
            return {}
        live = sorted(self.in_force(on), key=lambda version: (version.document["priority"], version.document["code"]))
        live = [version for version in live if version.document["currency"] == event.currency]
        plain = [version for version in live if "multiply" not in version.document["earn"]]
        given: dict[int, int] = {}
        taken: dict[str, tuple[int, int]] = {}
        for version in plain + [version for version in live if version not in plain]:
            document = version.document
            if not meets(document["when"], event, self.facts, on, amount):
                continue
            base = amount
            if "multiply" in document["earn"]:
                names = document["earn"]["multiply"]["rules"]
                base = sum(given.get(other.rule_no, 0) for other in live if other.document["code"] in names)
            raw = rounded(earned(document["earn"], base), document["rounding"])
            if raw == 0:
                continue
            points = self.limited(document, raw, event, on, history)
            stacking = document["stacking"]
            if stacking is None or stacking["policy"] == "all":
                given[version.rule_no] = points
                continue
            holder = taken.get(stacking["group"])
            if holder is None or (stacking["policy"] == "best" and points > holder[1]):
                if holder is not None:
                    del given[holder[0]]
                taken[stacking["group"]] = (version.rule_no, points)
                given[version.rule_no] = points
        return {no: points for no, points in given.items() if points}

    def in_force(self, on: date) -> list[Version]:
        chosen = []
        for code in {version.document["code"] for version in self.versions}:
            mine = [version for version in self.versions if version.document["code"] == code]
            stopped = [version.version for version in mine if version.stopped_on and on >= version.stopped_on]
            mine = [version for version in mine if not stopped or version.version > max(stopped)]
            mine = [version for version in mine if covers(version.document["applies"], on)]
            if mine:
                chosen.append(max(mine, key=lambda version: version.version))
        return chosen

    def limited(self, document: dict[str, Any], points: int, event: TransactionPostedV1, on: date, history: list[Earning]) -> int:
        for limit in document["limits"]:
            room = limit["points"]
            for earning in history:
                if earning.code == document["code"] and in_scope(limit, earning, event) and in_period(limit, earning.on, on):
                    room -= earning.points
            if points > room:
                points = max(0, room) if limit["over"] == "trim" else 0
        return points


def in_scope(limit: dict[str, Any], earning: Earning, event: TransactionPostedV1) -> bool:
    match limit.get("scope", "customer"):
        case "account":
            return earning.account == event.account_no
        case "merchant":
            return earning.merchant == event.merchant_no
    return True


def in_period(limit: dict[str, Any], earned_on: date, on: date) -> bool:
    match limit["per"]:
        case "day":
            return earned_on == on
        case "month":
            return (earned_on.year, earned_on.month) == (on.year, on.month)
        case "year":
            return earned_on.year == on.year
        case "rolling_days":
            return on - timedelta(days=limit["days"]) < earned_on <= on
    return False


def covers(applies: dict[str, Any], on: date) -> bool:
    return (applies["from"] is None or date.fromisoformat(applies["from"]) <= on) and (applies["to"] is None or on < date.fromisoformat(applies["to"]))


def earned(earn: dict[str, Any], amount: int) -> Fraction:
    if "fixed" in earn:
        return Fraction(earn["fixed"])
    if "multiply" in earn:
        return amount * (Fraction(earn["multiply"]["by"]) - 1)
    if "per_minor" in earn:
        return Fraction(amount * earn["points"], earn["per_minor"])
    reached = [band for band in earn["bands"] if band["from_minor"] <= amount]
    if earn["mode"] == "step":
        return band_of(reached[-1], amount) if reached else Fraction(0)
    ends = [band["from_minor"] for band in reached[1:]] + [amount] if reached else []
    return sum((band_of(band, end - band["from_minor"]) for band, end in zip(reached, ends, strict=True)), Fraction(0))


def band_of(band: dict[str, Any], amount: int) -> Fraction:
    return Fraction(band["points"]) * (Fraction(amount, band["per_minor"]) if "per_minor" in band else 1)


def rounded(exact: Fraction, mode: str) -> int:
    match mode:
        case "down":
            return floor(exact)
        case "up":
            return -floor(-exact)
        case "half_up":
            return floor(exact + Fraction(1, 2))
    return round(exact)  # Python rounds halves to even


def meets(when: dict[str, Any], event: TransactionPostedV1, facts: CustomerChangedV1, on: date, amount: int) -> bool:
    if "all" in when:
        return all(meets(part, event, facts, on, amount) for part in when["all"])
    if "any" in when:
        return any(meets(part, event, facts, on, amount) for part in when["any"])
    if "not" in when:
        return not meets(when["not"], event, facts, on, amount)
    family, name = when["fact"].split(".", 1)
    value: Any = getattr(event if family == "transaction" else facts, {"birthday": "born_on"}.get(name, name), None)
    if when["fact"] == "transaction.amount_minor":
        value = amount
    if when["fact"] == "time.weekday":
        value = on.isoweekday()
    return all(holds(test, operand, value, on) for test, operand in when.items() if test != "fact")


def holds(test: str, operand: Any, value: Any, on: date) -> bool:
    match test:
        case "is":
            return bool(value == operand)
        case "is_not":
            return bool(value != operand)
        case "in":
            return bool(value in operand)
        case "not_in":
            return bool(value not in operand)
        case "exists":
            return bool((value is not None and value != []) == operand)
        case "contains":
            return bool(operand in value)
        case "matches_month":
            return bool((value is not None and value.month == on.month) == operand)
        case "matches_day":
            return bool((value is not None and (value.month, value.day) == (on.month, on.day)) == operand)
    if value is None:
        return False
    low, high = operand if test == "between" else (operand, operand)
    return bool({"at_least": value >= low, "above": value > low, "at_most": value <= high, "below": value < high, "between": low <= value <= high}[test])
