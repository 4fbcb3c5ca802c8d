"""Opens the mall: merchants apply and are approved, and gifts of theirs are put on the shelf."""

from collections.abc import Awaitable
from typing import Any, Final

from nanzhu_demo.client import PlatformClient, Refused

SUPPLIER: Final = "S-DEMO"
#: The invented purchases are made at the second one.
MERCHANTS: Final[tuple[dict[str, Any], ...]] = (
    {
        "merchant_no": SUPPLIER,
        "names": {"zh": "示范礼品供应商", "en": "Demo Gift Supplier"},
        "merchant_type": "gift-supplier",
        "institution": "CZ001",
    },
    {
        "merchant_no": "M5411-1",
        "names": {"zh": "示范超市", "en": "Demo Supermarket"},
        "merchant_type": "points-accepting",
        "mcc": "5411",
        "institution": "CZ001",
    },
)
STORE: Final = {"store_no": "1", "names": {"zh": "一号店", "en": "Store 1"}}
#: Enough for many runs of the demo: what is registered once stays.
STOCK: Final = 10_000
GIFTS: Final[tuple[dict[str, Any], ...]] = tuple(
    {"gift_code": code, "names": {"zh": zh, "en": en}, "points": points, "cash_minor": cash_minor, "stock": STOCK, "supplier": SUPPLIER}
    for code, zh, en, points, cash_minor in (
        ("DEMO-MUG", "马克杯", "Mug", 40, 0),
        ("DEMO-KETTLE", "电水壶", "Kettle", 30, 1990),
        ("DEMO-VOYAGE", "环球旅行", "Voyage round the world", 50_000_000, 0),
    )
)


async def open_mall(client: PlatformClient) -> None:
    """Register and approve the merchants, and put the gifts on the shelf. Safe to run twice."""
    for merchant in MERCHANTS:
        merchant_no = merchant["merchant_no"]
        await _unless(client.post("merchant", "merchants", merchant, role="maker"), "merchant-already-registered")
        await _unless(client.post("merchant", f"merchants/{merchant_no}/approve", {}, role="checker"), "merchant-not-applied")
    await _unless(client.post("merchant", f"merchants/{MERCHANTS[1]['merchant_no']}/stores", STORE, role="maker"), "store-already-registered")
    for gift in GIFTS:
        await _unless(client.post("gift-order", "gifts", gift, role="maker"), "gift-exists")


async def _unless(call: Awaitable[object], done_before: str) -> None:
    """Make a call, unless its refusal says that an earlier run of the demo has made it."""
    try:
        await call
    except Refused as refused:
        if refused.code != done_before:
            raise
