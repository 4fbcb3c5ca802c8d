"""Every metric of the merchant service's own; consumers, relay and HTTP have theirs."""

from typing import Final

from loyalty_shared.observability.metrics import Declared, Kind

MERCHANTS: Final = Declared(
    "loyalty_merchant_merchants",
    Kind.GAUGE,
    "Merchants by legal entity and status, counted every minute",
    "`applied` that stays up: applications wait for a checker; GET merchants?status=applied lists them",
    ("legal_entity", "status"),
)

MERCHANT_METRICS: Final = (MERCHANTS,)
