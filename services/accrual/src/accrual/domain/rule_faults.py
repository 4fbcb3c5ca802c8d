"""A fault of a rule document, said so that whoever wrote the rule can mend it."""

from msgspec import Struct


class Fault(Struct, frozen=True):
    """Where the fault is ("when.all[0].in"; "" is the whole document) and what to do about it."""

    path: str
    message: str
