"""The sample that the project keeps: enough of everything for the demo and the tests to work without the whole data."""

from collections import Counter

from e2e.demo.recount import points_by_rule, recount
from nanzhu_demo.mapping import TRANSACTION_KINDS, BankMapping
from nanzhu_demo.pkdd99 import read_pkdd99
from nanzhu_demo.rules import demo_rules
from nanzhu_demo.source import SAMPLE

SAMPLE_DATA = read_pkdd99(SAMPLE)


def test_the_sample_has_whole_stories_of_every_kind() -> None:
    codes = Counter(event.transaction_code for event in BankMapping(SAMPLE_DATA).transactions())

    assert 1_900 < codes.total() < 2_200
    assert set(codes) == {kind.transaction_code for kind in TRANSACTION_KINDS.values()}
    assert codes["CARD-WITHDRAWAL"] == 12, "all the card withdrawals of the data"
    assert {row.account_id for row in SAMPLE_DATA.transactions} == set(SAMPLE_DATA.accounts)


def test_the_sample_has_customers_of_every_level_and_some_whose_level_changes() -> None:
    levels: dict[str, list[str | None]] = {}
    for event in BankMapping(SAMPLE_DATA).customers():
        levels.setdefault(event.customer_no, []).append(event.level)

    assert {level for changes in levels.values() for level in changes} == {"standard", "junior", "classic", "gold"}
    assert ["standard", "classic"] in levels.values()


def test_every_rule_gives_something_in_the_sample() -> None:
    given = points_by_rule(recount(SAMPLE))

    assert set(given) == {rule["code"] for rule in demo_rules()}
    assert all(points > 0 for points in given.values())
