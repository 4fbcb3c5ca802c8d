from loyalty_shared.messaging.source_limits import CONSECUTIVE_BAD_MAX, SourceLimits, SourceState
from loyalty_shared.messaging.taking import RECENT_RECORDS

SOURCE = ("001", "branch")


def test_the_last_bad_record_in_a_row_stops_the_source_alone() -> None:
    limits = SourceLimits({})
    for _ in range(CONSECUTIVE_BAD_MAX - 1):
        limits.count_bad(SOURCE)
    assert not limits.is_stopped(SOURCE)
    limits.count_bad(SOURCE)
    assert limits.is_stopped(SOURCE)
    assert not limits.is_stopped(("001", "core"))
    assert not limits.is_stopped(("002", "branch"))


def test_a_good_record_begins_the_count_anew() -> None:
    limits = SourceLimits({})
    for _ in range(CONSECUTIVE_BAD_MAX - 1):
        limits.count_bad(SOURCE)
    limits.count_good(SOURCE)
    for _ in range(CONSECUTIVE_BAD_MAX - 2):
        limits.count_bad(SOURCE)
    assert not limits.is_stopped(SOURCE)


def test_more_bad_than_good_stops_the_source_when_enough_were_seen() -> None:
    limits = SourceLimits({})
    for number in range(RECENT_RECORDS):
        assert not limits.is_stopped(SOURCE), number
        limits.count_bad(SOURCE)
        if number % 3 == 0:
            limits.count_good(SOURCE)
        if limits.is_stopped(SOURCE):
            break
    assert limits.is_stopped(SOURCE)
    assert limits.troubled[SOURCE].recent >= RECENT_RECORDS


def test_tallies_are_what_the_batch_adds() -> None:
    limits = SourceLimits({SOURCE: SourceState(consecutive=3, recent=10, recent_bad=4)})
    limits.count_good(SOURCE)
    limits.count_bad(SOURCE)
    limits.count_bad(SOURCE)
    (tally,) = limits.take_tallies()
    assert (tally.good, tally.bad, tally.trailing_bad, tally.stopped) == (1, 2, 2, False)
    assert limits.take_tallies() == ()


def test_a_source_without_a_fault_for_long_is_forgotten() -> None:
    limits = SourceLimits({})
    limits.count_bad(SOURCE)
    limits.take_tallies()
    for _ in range(2 * RECENT_RECORDS):
        if SOURCE not in limits.troubled:
            break
        limits.count_good(SOURCE)
        if limits.troubled[SOURCE].recent % 100 == 0:
            limits.take_tallies()
    assert SOURCE not in limits.troubled
