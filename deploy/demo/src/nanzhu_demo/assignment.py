"""What the bank's data lack and the rules need, assigned by a stated rule: where cash was spent (MCC and merchant), and at what time of day.

Nothing here is data. Each value depends only on SEED and the row's own number, never on order or chance, so that everybody gets the same.
Stated in docs/data-mapping.md, and named in each event's `attributes.assigned`.
"""

import hashlib
from dataclasses import dataclass
from datetime import time
from typing import Final

SEED: Final = "nanzhu-demo-1"
#: The data have dates only.
TIME_OF_DAY: Final = time(12, 0)
MERCHANTS_PER_MCC: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantCategory:
    """A category of `mcc_codes.csv`, and how many of a hundred withdrawals are taken to be spent in it."""

    mcc: str
    description: str
    percent: int


MERCHANT_CATEGORIES: Final = (
    MerchantCategory(mcc="5411", description="Grocery Stores, Supermarkets", percent=28),
    MerchantCategory(mcc="5541", description="Service Stations", percent=10),
    MerchantCategory(mcc="5311", description="Department Stores", percent=10),
    MerchantCategory(mcc="5812", description="Eating places and Restaurants", percent=9),
    MerchantCategory(mcc="5651", description="Family Clothing Stores", percent=7),
    MerchantCategory(mcc="5912", description="Drug Stores and Pharmacies", percent=6),
    MerchantCategory(mcc="5712", description="Furniture and Home Furnishings", percent=5),
    MerchantCategory(mcc="5732", description="Electronic Sales", percent=5),
    MerchantCategory(mcc="4111", description="Local Commuter Passenger Transportation", percent=4),
    MerchantCategory(mcc="7011", description="Lodging", percent=3),
    MerchantCategory(mcc="4722", description="Travel Agencies and Tour Operations", percent=3),
    MerchantCategory(mcc="8062", description="Hospitals", percent=3),
    MerchantCategory(mcc="8211", description="Elementary and Secondary Schools", percent=3),
    MerchantCategory(mcc="9311", description="Tax Payments", percent=2),
    MerchantCategory(mcc="7995", description="Betting", percent=2),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Where a withdrawal is taken to have been spent."""

    mcc: str
    merchant_no: str


def merchant_from(trans_id: int) -> Merchant:
    """Return the merchant at which the cash of transaction `trans_id` is taken to have been spent."""
    mcc = _category_from(_draw("mcc", trans_id, 100))
    return Merchant(mcc=mcc, merchant_no=f"M{mcc}-{_draw('merchant', trans_id, MERCHANTS_PER_MCC) + 1}")


def _category_from(percentile: int) -> str:
    below = 0
    for category in MERCHANT_CATEGORIES:
        below += category.percent
        if percentile < below:
            return category.mcc
    raise ValueError(f"percentile {percentile} is outside the categories, whose percents must add up to 100")


def _draw(field: str, trans_id: int, sides: int) -> int:
    digest = hashlib.sha256(f"{SEED}:{field}:{trans_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % sides
