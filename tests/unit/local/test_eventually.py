import itertools

import pytest

from support.eventually import eventually


def test_it_returns_the_first_true_result() -> None:
    numbers = itertools.count()
    assert eventually(lambda: next(numbers)) == 1


def test_assertions_are_retried_until_they_hold() -> None:
    numbers = itertools.count()

    def third() -> None:
        assert next(numbers) >= 2

    eventually(third)
    assert next(numbers) == 3


def test_the_last_failure_is_shown_when_time_is_up() -> None:
    def fail() -> None:
        raise ValueError("still broken")

    with pytest.raises(ValueError, match="still broken"):
        eventually(fail, timeout_seconds=0.05)


def test_the_last_result_is_shown_when_time_is_up() -> None:
    with pytest.raises(AssertionError, match=r"still \[\]"):
        eventually(list, timeout_seconds=0.05)
