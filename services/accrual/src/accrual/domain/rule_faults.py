"""A fault of a rule document, said so that whoever wrote the rule can mend it."""

from msgspec import Struct


class Fault(Struct, frozen=True):
    """Where the fault is ("when.all[0].in"; "" is the whole document) and what to do about it."""

    path: str
    message: str


class Faults:
    """Collects the faults of one document while it is read."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, path: str, message: str) -> None:
        """Note a fault and go on reading, so that all are told at once."""
        self.found.append(Fault(path, message))
