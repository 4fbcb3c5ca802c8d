"""The business keys of everything that ever came from outside: only they tell a repeat (contracts.md section 2).

One narrow table, hash-partitioned by key. Upstream numbers mostly grow, so each partition's index grows at its right edge.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from psycopg2.extensions import cursor as Cursor
from sqlalchemy import BigInteger, Column, MetaData, SmallInteger, Table, Text

from loyalty_shared.persistence.arrays import number_array, text_array

PARTITIONS: Final = 8
_DIGEST_BYTES: Final = 8

#: SQL that makes the hash partitions, for the migration that creates the table (`create_table` makes only the parent).
PARTITIONS_DDL: Final = tuple(
    f"create table business_key_{n} partition of business_key for values with (modulus {PARTITIONS}, remainder {n})" for n in range(PARTITIONS)
)


def business_key_table(metadata: MetaData) -> Table:
    """Define the table of keys. `digest` is of the event's known fields; `(batch_no, position)` is where its effect stands."""
    return Table(
        "business_key",
        metadata,
        Column("key", Text(collation="C"), primary_key=True),
        Column("digest", BigInteger, nullable=False),
        Column("batch_no", BigInteger, nullable=False),
        Column("position", SmallInteger, nullable=False),
        postgresql_partition_by="hash (key)",
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """What became of the keys that were claimed, as positions in the given sequence.

    `fresh` are ours now; `repeats` were here before with the same content; `conflicts` were here with other content.
    """

    fresh: list[int]
    repeats: list[int]
    conflicts: list[int]


_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def digest_of(event: msgspec.Struct) -> int:
    """Return a signed 64-bit digest of the event's known fields; the order of names inside free-form fields does not matter.

    Its class has `omit_defaults`, as those of `contracts.core` have: a field that is absent, or that a later version adds, then changes no digest.
    """
    return int.from_bytes(hashlib.blake2b(_encode(event), digest_size=_DIGEST_BYTES).digest(), "little", signed=True)


_CLAIMED = "unnest(%s::text[], %s::bigint[], %s::smallint[]) as claimed (key, digest, position)"
#: unnest gives the keys in their order, so that two transactions that claim the same keys wait for each other and never in a circle.
_INSERT = (
    f"insert into business_key (key, digest, batch_no, position) select key, digest, %s, position from {_CLAIMED} on conflict do nothing returning position"
)
_TAKEN = "select key, digest from business_key where key = any(%s::text[])"


def claim(cursor: Cursor, keys: Sequence[str], digests: Sequence[int], batch_no: int) -> Claim:
    """Claim the keys for this transaction; the key at position i will stand at `(batch_no, i)`.

    A key that another transaction is claiming at this moment is waited for. Of a key that comes twice in `keys`, the first is claimed where the key
    is new; every other copy is compared with what is stored. Called once in a transaction.
    """
    first: dict[str, int] = {}
    for position, key in enumerate(keys):
        first.setdefault(key, position)
    cursor.execute(_INSERT, (batch_no, *_arrays([first[key] for key in sorted(first)], keys, digests)))
    if cursor.rowcount == len(keys):
        return Claim(list(range(len(keys))), [], [])
    ours = {position for (position,) in cursor.fetchall()}
    stored = {keys[position]: digests[position] for position in ours}
    cursor.execute(_TAKEN, (text_array(key for key in first if key not in stored),))
    stored.update(cursor.fetchall())
    repeats: list[int] = []
    conflicts: list[int] = []
    for position, key in enumerate(keys):
        if position not in ours:
            (repeats if digests[position] == stored[key] else conflicts).append(position)
    return Claim(sorted(ours), repeats, conflicts)


def _arrays(positions: Sequence[int], keys: Sequence[str], digests: Sequence[int]) -> tuple[str, str, str]:
    return text_array(keys[position] for position in positions), number_array(digests[position] for position in positions), number_array(positions)


def find(cursor: Cursor, keys: Iterable[str]) -> Mapping[str, tuple[int, int]]:
    """Return where the effect of each known key stands, as `(batch_no, position)`; unknown keys are left out."""
    cursor.execute("select key, batch_no, position from business_key where key = any(%s)", (list(keys),))
    return {key: (batch_no, position) for key, batch_no, position in cursor.fetchall()}
