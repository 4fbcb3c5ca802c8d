"""Every metric of the ledger's own; consumers, relay and HTTP have theirs."""

from typing import Final

from loyalty_shared.observability.metrics import Declared, Kind

INVARIANT_VIOLATIONS: Final = Declared(
    "loyalty_redemption_invariant_violations",
    Kind.GAUGE,
    "How often an invariant of the ledger did not hold when it was last checked; 0 is what it must be",
    "Page at anything above 0. GET invariants checks again; find the accounts with the statement in adapters/invariants.py, stop spending if lots are wrong",
    ("legal_entity", "invariant"),
)
INVARIANTS_CHECKED: Final = Declared(
    "loyalty_redemption_invariants_checked_seconds",
    Kind.GAUGE,
    "When the invariants were last checked: seconds since 1970",
    "More than 15 minutes ago: the check fails or takes too long; loyalty_chore_failures_total and the log say which",
    ("legal_entity",),
)
ACCOUNTS_SETTLED: Final = Declared(
    "loyalty_redemption_accounts_settled_total",
    Kind.COUNTER,
    "Accounts for which due points were posted, by what was due: mature-points, expire-points",
    "Still after the business date moved although points were due: run the job by hand, `redemption job expire-points`",
    ("due",),
)

LEDGER_METRICS: Final = (INVARIANT_VIOLATIONS, INVARIANTS_CHECKED, ACCOUNTS_SETTLED)
