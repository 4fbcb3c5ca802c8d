"""Why the merchant service does not do what it is asked: the closed list of business refusals. Statuses are given to them at the edge."""

from enum import StrEnum


class Refusal(StrEnum):
    """A business refusal, by the stable code that callers see."""

    MERCHANT_UNKNOWN = "merchant-unknown"
    MERCHANT_ALREADY_REGISTERED = "merchant-already-registered"
    MERCHANT_NOT_APPLIED = "merchant-not-applied"
    MERCHANT_NOT_ACTIVE = "merchant-not-active"
    MERCHANT_NOT_SUSPENDED = "merchant-not-suspended"
    MERCHANT_TERMINATED = "merchant-terminated"
    MAKER_CANNOT_APPROVE = "maker-cannot-approve"
    FUNCTION_NOT_GRANTED = "function-not-granted"
    STORE_UNKNOWN = "store-unknown"
    STORE_ALREADY_REGISTERED = "store-already-registered"
    CONTRACT_UNKNOWN = "contract-unknown"
    CONTRACT_ALREADY_REGISTERED = "contract-already-registered"
    CONTRACT_NOT_APPLIED = "contract-not-applied"
    CONTRACT_OVERLAPS = "contract-overlaps"
