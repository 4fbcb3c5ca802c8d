"""Every metric of settlement's own; consumers, relay and HTTP have theirs."""

from typing import Final

from loyalty_shared.observability.metrics import Declared, Kind

INVARIANT_VIOLATIONS: Final = Declared(
    "loyalty_settlement_invariant_violations",
    Kind.GAUGE,
    "How often an invariant of settlement did not hold when it was last checked; `days-tie-to-the-ledger` counts differing figures of the last 7 closed dates",
    "Page at anything above 0. GET breaks names the figures. A wrong view of the ledger: `settlement job rebuild`; release no batch that differs",
    ("legal_entity", "invariant"),
)
INVARIANTS_CHECKED: Final = Declared(
    "loyalty_settlement_invariants_checked_seconds",
    Kind.GAUGE,
    "When the invariants were last checked: seconds since 1970",
    "More than 5 minutes ago: the check fails or takes too long; loyalty_chore_failures_total and the log say which",
    ("legal_entity",),
)
BATCHES: Final = Declared(
    "loyalty_settlement_batches",
    Kind.GAUGE,
    "Settlement batches by how far they have come: made, reviewed, released",
    "`made` growing for days: nobody reviews; remind the checkers",
    ("legal_entity", "status"),
)

SETTLEMENT_METRICS: Final = (INVARIANT_VIOLATIONS, INVARIANTS_CHECKED, BATCHES)
