"""A merchant's stores and the terminals in them."""

from enum import StrEnum

from msgspec import Struct


class StoreStatus(StrEnum):
    """Whether a store is in business."""

    OPEN = "open"
    CLOSED = "closed"


class TerminalStatus(StrEnum):
    """Whether a terminal may be used."""

    IN_SERVICE = "in-service"
    OUT_OF_SERVICE = "out-of-service"


class Terminal(Struct, frozen=True, kw_only=True):
    """A device that takes transactions; its number is unique within the merchant's store."""

    terminal_no: str
    status: TerminalStatus = TerminalStatus.IN_SERVICE


class Store(Struct, frozen=True, kw_only=True):
    """A place where a merchant does business; its number is unique within the merchant."""

    store_no: str
    names: dict[str, str]
    address: str | None = None
    status: StoreStatus = StoreStatus.OPEN
    terminals: tuple[Terminal, ...] = ()
