"""What a rule can see of a merchant (contracts.md section 4: `merchant.*`)."""

from typing import Final

from msgspec import Struct


class MerchantFacts(Struct, frozen=True, gc=False):
    """A merchant as the merchant service had published it when a transaction there was decided. All None: not registered, or no merchant at all."""

    merchant_type: str | None = None
    mcc: str | None = None
    institution: str | None = None
    status: str | None = None


#: The facts of a merchant that was never registered, and of a transaction that names none.
UNREGISTERED: Final = MerchantFacts()
