"""The demo's rules mean what they say: the accrual engine, alone, gives what the independent recount gives."""

from e2e.demo.engine_count import engine_count
from e2e.demo.recount import recount
from nanzhu_demo.source import SAMPLE, find_source
from nanzhu_local.platform import PROJECT


def test_the_engine_agrees_with_the_recount_for_every_customer_and_rule_of_the_sample() -> None:
    assert engine_count(SAMPLE) == recount(SAMPLE)


def test_the_engine_agrees_with_the_recount_on_the_whole_data_where_they_are() -> None:
    directory = find_source(PROJECT).directory

    assert engine_count(directory) == recount(directory)
