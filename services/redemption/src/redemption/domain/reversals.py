"""Channel serials: what tells a call's repeat across all calls of a channel, and the handle by which it is reversed (contracts.md section 3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Serial:
    """A channel's own number for a call. A channel may begin its numbers anew each day, so the date is part of it."""

    channel_date: date
    channel_serial: str


class Effect(StrEnum):
    """What a call that carries a serial makes."""

    GRANT = "grant"
    RESERVATION = "reservation"
    REDEMPTION = "redemption"
    REFUND = "refund"
    TRANSFER = "transfer"
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSerial:
    """A serial that has been seen. `body_sha256` is None when no call has come with it: a reversal came first, and keeps a late one out.

    `refusal` and `body` are the call's first answer; `effect`, `effect_id` and `customer_no` tell what it made, None when it was refused.
    """

    body_sha256: bytes | None
    refusal: str | None
    body: Mapping[str, Any] | None
    effect: Effect | None
    effect_id: str | None
    customer_no: str | None
    is_reversed: bool


class Arrival(StrEnum):
    """How a call stands to its serial: the first with it, or the same call again."""

    FIRST = "first"
    REPEATED = "repeated"


def decide_arrival(kept: KeptSerial | None, body_sha256: bytes) -> Arrival | Refusal:
    """Return whether a call with this serial is to be done, was done before, or is refused."""
    if kept is None:
        return Arrival.FIRST
    if kept.body_sha256 is None:
        return Refusal.REVERSED_BEFORE_ARRIVAL
    return Arrival.REPEATED if kept.body_sha256 == body_sha256 else Refusal.CHANNEL_SERIAL_REUSED


class Reversal(StrEnum):
    """What is to be done about the original that a reversal names."""

    KEEP_OUT = "keep-out"
    NOTHING = "nothing"
    DONE_BEFORE = "done-before"
    UNDO = "undo"


def decide_reversal(original: KeptSerial | None) -> Reversal:
    """Return what a reversal does about its original. A reversal itself is not reversed: the channel sends the original again under a new serial."""
    if original is None:
        return Reversal.KEEP_OUT
    if original.is_reversed:
        return Reversal.DONE_BEFORE
    if original.effect is None or original.effect is Effect.REVERSAL:
        return Reversal.NOTHING
    return Reversal.UNDO
