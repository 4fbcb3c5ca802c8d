"""Sliding expiry: points that lapse only when their customer has done nothing for so many months (contracts.md section 4, `sliding_months`).

Such points form lots of their own, without a date: the last date of use follows from the account's last activity, which is a customer's act, not the bank's.
"""

from calendar import monthrange
from datetime import date
from typing import Final

#: How an earning says that its points slide: followed by the number of months.
SLIDING_POLICY: Final = "sliding_months:"


def sliding_months_of(expiry_policy: str) -> int:
    """Return the months of an earning's sliding policy; 0: its points lapse by a date, or never."""
    return int(expiry_policy.removeprefix(SLIDING_POLICY)) if expiry_policy.startswith(SLIDING_POLICY) else 0


def months_after(on: date, months: int) -> date:
    """Return the same day so many months later, or that month's last day when it is shorter."""
    index = on.year * 12 + on.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(on.day, monthrange(year, month)[1]))
