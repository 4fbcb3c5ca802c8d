"""Lists: `?limit=&cursor=` in, `{"items": [...], "next_cursor": ...}` out. A cursor is the last item's key, opaque to callers."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

import msgspec
from fastapi import Depends, Query

from loyalty_shared.web import problems
from loyalty_shared.web.problems import ProblemError, Reason

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 500
CURSOR_LENGTH_MAX: Final = 512

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page:
    """The part of a list that is asked for: at most `limit` items after the one whose key is `after` (None: from the beginning)."""

    limit: int
    after: tuple[Any, ...] | None

    @property
    def fetch(self) -> int:
        """How many rows to read: one more than asked for, which tells whether a next page exists."""
        return self.limit + 1

    def answer(self, items: Sequence[Item], key_of: Callable[[Item], Sequence[Any]], show: Callable[[Item], Any]) -> dict[str, Any]:
        """Return the list's answer from up to `fetch` items: `key_of` gives the values by which the list is ordered, `show` an item's JSON."""
        shown = items[: self.limit]
        more = len(items) > self.limit
        return {"items": [show(item) for item in shown], "next_cursor": _cursor_of(key_of(shown[-1])) if more else None}


def _cursor_of(key: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(list(key))).decode().rstrip("=")


def pages(*key_types: type) -> Any:
    """Make a route's `page` parameter, for a list ordered by a key of these types (int, str, date, datetime)."""
    decoder: msgspec.json.Decoder[tuple[Any, ...]] = msgspec.json.Decoder(tuple[key_types])  # type: ignore[valid-type]  # a type made at run time

    def page(
        limit: Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many items at most")] = LIMIT_DEFAULT,
        cursor: Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX, description="`next_cursor` of the page before")] = None,
    ) -> Page:
        if cursor is None:
            return Page(limit, None)
        try:
            return Page(limit, decoder.decode(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)))
        except (msgspec.MsgspecError, binascii.Error, ValueError):
            reason = Reason("query.cursor", "not a cursor of this list", "Pass the next_cursor of the page before, or none for the first page.")
            raise ProblemError(problems.INVALID_REQUEST, [reason]) from None

    return Depends(page)
