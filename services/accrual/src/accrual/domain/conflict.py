"""What a maker is told of a rule when it is saved: a clash with another rule, or a part of its own that does nothing."""

from msgspec import Struct


class Conflict(Struct, frozen=True):
    """A clash, and what to do. `with_rule` None: within the rule itself. `blocking`: the two cannot be in force together, so approval is refused."""

    code: str
    with_rule: str | None
    message: str
    blocking: bool
