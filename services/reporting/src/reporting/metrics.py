"""Every metric of reporting's own; consumers, relay and HTTP have theirs."""

from typing import Final

from loyalty_shared.observability.metrics import Declared, Kind

INVARIANT_VIOLATIONS: Final = Declared(
    "loyalty_reporting_invariant_violations",
    Kind.GAUGE,
    "In how many places the mart did not tie to the ledger, or to itself, when it was last checked; 0 is what it must be",
    "Above 0: GET invariants checks again. Reports that do not tie are refused meanwhile; `reporting job rebuild` mends the mart from the bus",
    ("legal_entity", "invariant"),
)
INVARIANTS_CHECKED: Final = Declared(
    "loyalty_reporting_invariants_checked_seconds",
    Kind.GAUGE,
    "When the mart was last checked: seconds since 1970",
    "More than 15 minutes ago: the check fails or takes too long; loyalty_chore_failures_total and the log say which",
    ("legal_entity",),
)
REPORTS: Final = Declared(
    "loyalty_reporting_reports_total",
    Kind.COUNTER,
    "Reports asked for, by report, format and outcome: given, or the code of the refusal",
    "Many `mart-does-not-tie`: rebuild the mart. Many `day-not-complete` after the close: look at the lag of reporting.record-entries",
    ("report", "format", "outcome"),
)
WINDOW_RECORDS: Final = Declared(
    "loyalty_reporting_window_records_total",
    Kind.COUNTER,
    "Accrual's batches seen by the live windows, by what became of them: kept, or dropped because too many waited for the database",
    "Dropped: the windows show too little for a while; look at the database",
    ("outcome",),
)
WINDOWS_FOLLOW: Final = Declared(
    "loyalty_reporting_windows_follow",
    Kind.GAUGE,
    "1 while the live windows follow accrual's batches, 0 while they wait for Kafka",
    "0 for minutes while other consumers follow: the log says why; the windows begin again by themselves",
)
SUSPECTS: Final = Declared(
    "loyalty_reporting_suspects_total",
    Kind.COUNTER,
    "Accrual's suspects seen by velocity watching, by what became of them: kept, or dropped because too many waited for the database",
    "Dropped: alerts may be missing for a while; look at the database",
    ("outcome",),
)
ALERTS: Final = Declared(
    "loyalty_reporting_alerts_total",
    Kind.COUNTER,
    "Alerts raised by velocity watching",
    "Many more than on other days: GET alerts shows them; somebody misuses a rule, or a rule's minimum invites it",
)

REPORTING_METRICS: Final = (INVARIANT_VIOLATIONS, INVARIANTS_CHECKED, REPORTS, WINDOW_RECORDS, WINDOWS_FOLLOW, SUSPECTS, ALERTS)
