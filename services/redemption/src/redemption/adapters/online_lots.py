"""Lots as the rows of online calls keep them: by their handles, in an order that means something."""

from collections.abc import Iterable, Sequence

import msgspec

from redemption.domain.lots import LotPart, lot_id_of, lot_key_from

_HELD = msgspec.json.Decoder(tuple[tuple[str, int], ...])
_TAKEN = msgspec.json.Decoder(tuple[tuple[str, int, int], ...])
_encode = msgspec.json.Encoder().encode


def held_json(parts: Iterable[LotPart]) -> str:
    """Return parts as [[lot_id, points], ...]."""
    return _encode([(lot_id_of(lot), points) for lot, points in parts]).decode()


def held_from(text: str) -> tuple[LotPart, ...]:
    """Return parts from [[lot_id, points], ...]."""
    return tuple(LotPart(lot_key_from(lot_id), points) for lot_id, points in _HELD.decode(text))


def taken_json(taken: Sequence[LotPart], left: Sequence[LotPart]) -> str:
    """Return what was taken and what is left of it, part by part, as [[lot_id, taken, left], ...]."""
    return _encode([(lot_id_of(part.lot), part.points, kept.points) for part, kept in zip(taken, left, strict=True)]).decode()


def taken_from(text: str) -> tuple[tuple[LotPart, ...], tuple[LotPart, ...]]:
    """Return what was taken and what is left of it from [[lot_id, taken, left], ...]."""
    rows = [(lot_key_from(lot_id), taken, left) for lot_id, taken, left in _TAKEN.decode(text)]
    return tuple(LotPart(lot, taken) for lot, taken, _ in rows), tuple(LotPart(lot, left) for lot, _, left in rows)
