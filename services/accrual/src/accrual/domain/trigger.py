"""What a rule decides (contracts.md section 4: `on`)."""

from enum import StrEnum


class Trigger(StrEnum):
    """A transaction, the average balance of an account's month, or a behaviour."""

    TRANSACTION = "transaction"
    BALANCE = "balance"
    BEHAVIOUR = "behaviour"
