"""Only the business key tells a repeat: claimed once, whoever races for it."""

import threading
from concurrent.futures import ThreadPoolExecutor

from loyalty_shared.persistence.business_keys import Claim, claim, find
from loyalty_shared.persistence.connections import Database


def claim_in(database: Database, keys: list[str], digests: list[int], batch_no: int) -> Claim:
    with database.transaction() as cursor:
        return claim(cursor, keys, digests, batch_no)


def test_new_keys_are_fresh_and_can_be_found(shared_database: Database) -> None:
    assert claim_in(shared_database, ["b", "a"], [1, 2], 7) == Claim(fresh=[0, 1], repeats=[], conflicts=[])
    with shared_database.transaction() as cursor:
        assert find(cursor, ["a", "b", "unknown"]) == {"b": (7, 0), "a": (7, 1)}


def test_the_same_content_is_a_repeat_and_other_content_a_conflict(shared_database: Database) -> None:
    claim_in(shared_database, ["a", "b"], [1, 2], 1)
    assert claim_in(shared_database, ["c", "b", "a"], [3, 99, 1], 2) == Claim(fresh=[0], repeats=[2], conflicts=[1])


def test_a_key_that_comes_twice_in_one_batch_is_claimed_by_the_first(shared_database: Database) -> None:
    assert claim_in(shared_database, ["a", "a", "a"], [1, 1, 2], 1) == Claim(fresh=[0], repeats=[1], conflicts=[2])


def test_every_copy_in_a_batch_is_compared_with_what_is_stored(shared_database: Database) -> None:
    claim_in(shared_database, ["a"], [1], 1)
    assert claim_in(shared_database, ["a", "a", "b", "b"], [2, 1, 3, 4], 2) == Claim(fresh=[2], repeats=[1], conflicts=[0, 3])


def test_a_claim_that_is_rolled_back_leaves_the_key_free(shared_database: Database) -> None:
    connection = shared_database.connect()
    claim(connection.cursor(), ["a"], [1], 1)
    connection.rollback()
    connection.close()
    assert claim_in(shared_database, ["a"], [1], 2).fresh == [0]


def test_racing_claims_of_the_same_keys_in_other_orders_end_with_one_owner_each(shared_database: Database) -> None:
    keys = [f"001:core:{number:06d}:1" for number in range(2_000)]
    start = threading.Barrier(4)

    def race(batch_no: int) -> set[str]:
        mine = keys[:: 1 if batch_no % 2 else -1]
        start.wait()
        return {mine[position] for position in claim_in(shared_database, mine, [5] * len(mine), batch_no).fresh}

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(race, range(1, 5)))
    assert sum(map(len, won)) == len(keys)
    assert set.union(*won) == set(keys)
