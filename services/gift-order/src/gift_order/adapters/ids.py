"""Handles that orders and wishes are known by."""

import secrets
from dataclasses import dataclass
from typing import Final

from loyalty_shared.kernel.clock import Clock

_RANDOM_BYTES: Final = 10


@dataclass(frozen=True, slots=True)
class TimeOrderedIds:
    """Makes handles of 32 hexadecimal digits: milliseconds, then chance. They grow with time, so that a key made of them grows at its index's right edge."""

    clock: Clock

    def __call__(self) -> str:
        milliseconds = int(self.clock.now().timestamp() * 1000)
        return f"{milliseconds:012x}{secrets.token_hex(_RANDOM_BYTES)}"
