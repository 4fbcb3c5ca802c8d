"""Passwords as Argon2id hashes, with the library's parameters (RFC 9106) but for the memory, which is the installation's choice."""

from functools import cached_property
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

#: Each takes its memory while it runs: so many at a time, the others wait.
AT_ONCE_MAX: Final = 4


class Argon2Passwords:
    """Hashes and checks passwords. `memory_kib`: what one hash takes; a hash says with how much it was made, so old ones stay good."""

    def __init__(self, memory_kib: int) -> None:
        self._hasher = PasswordHasher(memory_cost=memory_kib)
        self._turns = BoundedSemaphore(AT_ONCE_MAX)

    def hash(self, password: str) -> str:
        with self._turns:
            return self._hasher.hash(password)

    def fits(self, password_hash: str | None, password: str) -> bool:
        known = password_hash or self._of_nobody
        with self._turns:
            try:
                return self._hasher.verify(known, password) and password_hash is not None
            except VerificationError:
                return False

    @cached_property
    def _of_nobody(self) -> str:
        return self.hash("whoever this is, it takes as long")
