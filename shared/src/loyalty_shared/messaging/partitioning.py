"""Which partition a record of ours is in: Kafka's own hash of the key, so that every producer library would choose the same."""

from functools import lru_cache
from typing import Final

_CACHED_KEYS_MAX: Final = 1 << 17
_SEED: Final = 0x9747B28C
_MULTIPLIER: Final = 0x5BD1E995
_32_BITS: Final = 0xFFFFFFFF


@lru_cache(maxsize=_CACHED_KEYS_MAX)
def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition, from 0, of a record key among `partitions`, as Kafka's default partitioner does.

    The key is `<legal_entity>:<customer_no>`; the count is fixed when the topic is made (`Topic.partitions`).
    """
    return (_murmur2(key) & 0x7FFFFFFF) % partitions


def _murmur2(data: bytes) -> int:
    """Return the unsigned 32-bit murmur2 hash with Kafka's seed (org.apache.kafka.common.utils.Utils.murmur2)."""
    length = len(data)
    whole = length & ~3
    hashed = (_SEED ^ length) & _32_BITS
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * _MULTIPLIER & _32_BITS
        word = (word ^ (word >> 24)) * _MULTIPLIER & _32_BITS
        hashed = (hashed * _MULTIPLIER & _32_BITS) ^ word
    if length != whole:
        hashed = (hashed ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _32_BITS
    hashed = (hashed ^ (hashed >> 13)) * _MULTIPLIER & _32_BITS
    return hashed ^ (hashed >> 15)
