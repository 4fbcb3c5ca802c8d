"""Which entries of a restored ledger were taken before: told by cause, and counted."""

from collections.abc import Sequence

import pytest

from loyalty_shared.contracts.redemption import EntryPostedV1
from loyalty_shared.persistence.repeated_entries import EPOCH_OF_LETTERS, digest_of, fresh_of
from support.ledger_entries import earned, entry


def lapsed() -> EntryPostedV1:
    """Return one of the entries of points that lapse on arrival: all of a lot and date have one cause."""
    return entry("expired", -5, "expired", ("retail", -5), no="2026-03-01:lot")


def held(*epochs: tuple[int, int]) -> list[tuple[int, bytes]]:
    """Return what is held when each epoch brought so many lapses, one batch for each pair."""
    return [(epoch, digest_of(lapsed()) * count) for epoch, count in epochs]


def test_a_digest_tells_causes_apart_and_not_numbers() -> None:
    first = earned(10, no="T-1", rule_code="a")
    assert digest_of(first) == digest_of(earned(10, no="T-1", rule_code="a")), "posted again under another entry_id and account_version"
    others = [
        earned(10, no="T-2", rule_code="a"), earned(10, no="T-1", rule_code="b"), earned(11, no="T-1", rule_code="a"), earned(10, no="T-1"),
        earned(10, no="T-1", rule_code="a", customer_no="C2"), entry("granted", 10, "issued:retail", no="T-1", rule_code="a"),
    ]  # fmt: skip
    assert len({digest_of(one) for one in (first, *others)}) == 1 + len(others)


@pytest.mark.parametrize(
    ("before", "epoch", "posted", "fresh"),
    [
        ([], 2, 2, 2),
        ([(1, 2)], 2, 2, 0),
        ([(1, 2)], 2, 3, 1),
        ([(1, 1), (1, 1)], 2, 3, 1),
        ([(1, 2), (2, 1)], 2, 2, 1),
        ([(1, 2), (2, 3)], 3, 4, 1),
        ([(2, 5)], 2, 2, 2),
        ([(1, 1), (2, 1)], None, 2, 1),
        ([(EPOCH_OF_LETTERS, 1)], 2, 1, 0),
    ],
)
def test_of_equal_entries_as_many_repeat_as_any_other_epoch_had(before: Sequence[tuple[int, int]], epoch: int | None, posted: int, fresh: int) -> None:
    entries = [lapsed() for _ in range(posted)]
    assert fresh_of([*entries, earned(1)], epoch, held(*before))[:-1] == entries[posted - fresh :], "and what nothing equals is taken"
