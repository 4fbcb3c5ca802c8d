"""A slow and plain reading of contracts.md sections 4 and 5 on raw rule documents, written apart from the engine, to hold it against.

It keeps every earning and every counted event in a list and adds up what a limit or a count asks for; it knows no index, no counters and no compiled code,
and decides a refund from a copy of those lists.
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


@dataclass
class Counted:
    """An event that met the other conditions of a rule, and what that version of the rule counts by."""

    code: str
    on: date
    purchase: int
    periods: set[str]


@dataclass
class State:
    """All that a customer has at one moment."""

    earnings: list[Earning] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    remainders: dict[str, Fraction] = field(default_factory=dict)


@dataclass
class Worth:
    """What an amount is worth: points and what was given before limits and groups, and, of rules that carry, what is exact, all by rule_no."""

    points: dict[int, int] = field(default_factory=dict)
    whole: dict[int, int] = field(default_factory=dict)
    exact: dict[int, Fraction] = field(default_factory=dict)
    counted: list[int] = field(default_factory=list)


@dataclass
class Purchase:
    event: TransactionPostedV1
    on: date
    before: State
    remaining: int
    earnings: list[Earning]
    exact: dict[int, Fraction]
    cut: dict[int, int]
    was_reversed: bool = False


@dataclass
class Version:
    rule_no: int
    version: int
    document: dict[str, Any]
    stopped_on: date | None = None


@dataclass
class Model:
    """One customer's points under versions of rules, decided one event after the other. `rates`: what a unit of a currency is worth in yuan."""

    versions: list[Version]
    facts: CustomerChangedV1
    rates: dict[str, str] = field(default_factory=dict)
    now: State = field(default_factory=State)
    purchases: dict[str, Purchase] = field(default_factory=dict)
    waiting: dict[str, list[tuple[str, int | None]]] = field(default_factory=dict)

    def post(self, event: TransactionPostedV1, on: date) -> tuple[dict[int, int], dict[str, int | None]]:
        """Return points by rule_no that a purchase earns, and what each refund that had waited for it takes, by its number."""
        before = deepcopy(self.now)
        worth = self.worth(event, on, event.amount_minor, before)
        documents = self.documents()
        made = [self.earning(no, points, event, on) for no, points in worth.points.items()]
        self.now.earnings += made
        self.now.counted += [Counted(documents[no]["code"], on, len(self.purchases), counts_of(documents[no])) for no in worth.counted]
        exact = {no: part for no, part in worth.exact.items() if part}
        for no, part in exact.items():
            kept = self.now.remainders.get(documents[no]["code"], Fraction(0)) + part
            self.now.remainders[documents[no]["code"]] = kept - floor(kept)
        cut = {no: worth.whole[no] - worth.points.get(no, 0) for no in exact}
        self.purchases[event.transaction_no] = Purchase(event, on, before, event.amount_minor, made, exact, cut)
        waited = self.waiting.pop(event.transaction_no, [])
        return worth.points, {refund: self.refund(event.transaction_no, refund, amount) for refund, amount in waited}

    def refund(self, number: str, refund: str, amount: int | None) -> int | None:
        """Return how many points a refund of the purchase takes; amount None: a reversal. One whose purchase has not come waits: None."""
        if number not in self.purchases:
            self.waiting.setdefault(number, []).append((refund, amount))
            return None
        purchase = self.purchases[number]
        if purchase.was_reversed or (amount is not None and not 0 < amount <= purchase.remaining):
            return 0
        purchase.was_reversed = amount is None
        ended = purchase.remaining > 0
        purchase.remaining = 0 if amount is None else purchase.remaining - amount
        if ended and purchase.remaining == 0:
            place = list(self.purchases).index(number)
            self.now.counted = [counted for counted in self.now.counted if counted.purchase != place]
        worth = self.worth(purchase.event, purchase.on, purchase.remaining, purchase.before)
        return self.take_by_remainder(purchase, worth) + self.take_by_type(purchase, worth)

    def take_by_remainder(self, purchase: Purchase, worth: Worth) -> int:
        """Take whole points for what rules that carry no longer give, until their remainders are not negative."""
        taken = 0
        for no, exact in purchase.exact.items():
            code = self.documents()[no]["code"]
            purchase.exact[no] = min(exact, worth.exact.get(no, Fraction(0)))
            self.now.remainders[code] -= exact - purchase.exact[no]
            own = [earning for earning in purchase.earnings if earning.rule_no == no]
            while self.now.remainders[code] < 0:
                self.now.remainders[code] += 1
                if purchase.cut[no]:
                    purchase.cut[no] -= 1
                    continue
                taken += 1
                if own and own[0].points:
                    own[0].points -= 1
                else:  # from any other of the customer's; its limits get back what is taken, in the original's period
                    self.now.earnings.append(self.earning(no, -1, purchase.event, purchase.on))
        return taken

    def take_by_type(self, purchase: Purchase, worth: Worth) -> int:
        """Take what the other rules' earnings have left over what the remaining amount is worth, by point type; a rule that gave nothing may be worth some."""
        documents = self.documents()
        by_remainder = {earning.rule_no for earning in purchase.earnings if earning.rule_no in purchase.exact}
        others = [earning for earning in purchase.earnings if earning.rule_no not in purchase.exact]
        total = 0
        for point_type in sorted({earning.point_type for earning in others}):
            mine = [earning for earning in others if earning.point_type == point_type]
            worth_now = sum(points for no, points in worth.points.items() if documents[no]["point_type"] == point_type and no not in by_remainder)
            take = max(0, sum(earning.points for earning in mine) - worth_now)
            total += take
            for earning in mine:
                part = min(take, max(0, earning.points - worth.points.get(earning.rule_no, 0)))
                earning.points -= part
                take -= part
            assert take == 0
        return total

    def documents(self) -> dict[int, dict[str, Any]]:
        return {version.rule_no: version.document for version in self.versions}

    def earning(self, no: int, points: int, event: TransactionPostedV1, on: date) -> Earning:
        document = self.documents()[no]
        return Earning(document["code"], event.account_no, event.merchant_no, on, points, document["point_type"], no)

    def worth(self, event: TransactionPostedV1, on: date, amount: int, before: State) -> Worth:
        """Return what an amount is worth, given what the customer had."""
        worth = Worth()
        if amount == 0 or self.facts.status == "blacklisted":
            return worth
        live = sorted(self.in_force(on), key=lambda version: (version.document["priority"], version.document["code"]))
        live = [version for version in live if version.document["currency"] == event.currency or version.document["convert"]]
        plain = [version for version in live if "multiply" not in version.document["earn"]]
        taken: dict[str, tuple[int, int]] = {}
        given: dict[int, int] = {}
        for version in plain + [version for version in live if version not in plain]:
            document, no = version.document, version.rule_no
            seen = self.turned(amount, event.currency, document["currency"])
            if seen is None or not self.applies(version, event, on, seen, before, worth):
                continue
            base: int = seen
            if "multiply" in document["earn"]:
                names = document["earn"]["multiply"]["rules"]
                base = sum(given.get(other.rule_no, 0) for other in live if other.document["code"] in names)
            exact = earned(document["earn"], base)
            if document["remainder"] == "carry":
                worth.exact[no] = exact
                raw = floor(before.remainders.get(document["code"], Fraction(0)) + exact)
            else:
                raw = rounded(exact, document["rounding"])
            worth.whole[no] = raw
            if raw == 0:
                continue
            points = self.limited(document, raw, event, on, before.earnings)
            stacking = document["stacking"]
            if stacking is None or stacking["policy"] == "all":
                given[no] = points
                continue
            holder = taken.get(stacking["group"])
            if holder is None or (stacking["policy"] == "best" and points > holder[1]):
                if holder is not None:
                    del given[holder[0]]
                taken[stacking["group"]] = (no, points)
                given[no] = points
        worth.points = {no: points for no, points in given.items() if points}
        return worth

    def applies(self, version: Version, event: TransactionPostedV1, on: date, amount: int, before: State, worth: Worth) -> bool:
        """Tell whether a version applies; note the event where it counts for it."""
        document = version.document
        others = without_counts(document["when"])
        counts_itself = others is None or meets(others, event, self.facts, on, amount, {})
        counts: dict[str, int] = {}
        for period in counts_of(document):
            past = [each for each in before.counted if each.code == document["code"] and counted_in(period, each, on)]
            counts[f"count.{period}"] = len(past) + counts_itself
        if counts and counts_itself:
            worth.counted.append(version.rule_no)
        if "nth" in document["earn"] and counts[f"count.{document['earn']['of'].removeprefix('count.')}"] != document["earn"]["nth"]:
            return False
        return meets(document["when"], event, self.facts, on, amount, counts)

    def turned(self, amount: int, currency: str, into: str) -> int | None:
        """Return an amount in another currency's minor units, half up; None without a rate."""
        if currency == into:
            return amount
        rates = {"CNY": "1"} | self.rates
        if currency not in rates or into not in rates:
            return None
        places = {"JPY": 0, "KWD": 3}
        exact = Fraction(amount) * Fraction(rates[currency]) / Fraction(rates[into]) * Fraction(10) ** (places.get(into, 2) - places.get(currency, 2))
        return floor(exact + Fraction(1, 2))

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
    if "fixed" in earn:  # also of the n-th
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


def counts_of(document: dict[str, Any]) -> set[str]:
    """Return the periods that a rule counts by."""
    periods = {document["earn"]["of"].removeprefix("count.")} if "nth" in document["earn"] else set()
    parts = [document["when"]]
    while parts:
        part = parts.pop()
        parts += part.get("all", []) + part.get("any", []) + ([part["not"]] if "not" in part else [])
        periods |= {part["fact"].removeprefix("count.")} if part.get("fact", "").startswith("count.") else set()
    return periods


def without_counts(when: dict[str, Any]) -> dict[str, Any] | None:
    """Return a condition without its counts; None when nothing else is in it."""
    if "fact" in when:
        return None if when["fact"].startswith("count.") else when
    if "not" in when:
        part = without_counts(when["not"])
        return None if part is None else {"not": part}
    ((kind, parts),) = when.items()
    left = [part for part in map(without_counts, parts) if part is not None]
    return None if parts and not left else {kind: left}


def counted_in(period: str, counted: Counted, on: date) -> bool:
    """Tell whether an event counts in a period of a transaction date: a rule begins to count by the campaign, or by dates, when one of its versions does."""
    if period == "campaign":
        return "campaign" in counted.periods
    if counted.periods == {"campaign"}:
        return False
    match period:
        case "day":
            return counted.on == on
        case "week":
            return counted.on.isocalendar()[:2] == on.isocalendar()[:2]
        case "month":
            return (counted.on.year, counted.on.month) == (on.year, on.month)
        case "year":
            return counted.on.year == on.year
    return on - timedelta(days=int(period.removeprefix("rolling_days."))) < counted.on <= on


def meets(when: dict[str, Any], event: TransactionPostedV1, facts: CustomerChangedV1, on: date, amount: int, counts: dict[str, int]) -> bool:
    if "all" in when:
        return all(meets(part, event, facts, on, amount, counts) for part in when["all"])
    if "any" in when:
        return any(meets(part, event, facts, on, amount, counts) for part in when["any"])
    if "not" in when:
        return not meets(when["not"], event, facts, on, amount, counts)
    if when["fact"] in counts:
        return all(holds(test, operand, counts[when["fact"]], on) for test, operand in when.items() if test != "fact")
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
