"""Accrual's metrics: what each means, and what to do when it moves."""

from typing import Final

from loyalty_shared.observability.metrics import Declared, Kind

EVENTS: Final = Declared(
    "loyalty_accrual_events_total",
    Kind.COUNTER,
    "Transactions, refunds and reversals taken, by outcome: accrued, not-accrued, clawed-back, nothing-to-take, waiting; repeated; or a dead letter's reason.",
    "`not-accrued` rising: a rule was stopped or its limits are reached; look at a decision. Dead-letter reasons rising: GET dead-letters.",
    ("outcome",),
)
BEHAVIOURS: Final = Declared(
    "loyalty_accrual_behaviours_total",
    Kind.COUNTER,
    "Behaviours taken, by outcome: accrued, not-accrued; repeated; or a dead letter's reason.",
    "`not-accrued` rising: no rule is on these behaviours, or their limits are reached; look at a decision. Dead-letter reasons rising: GET dead-letters.",
    ("outcome",),
)
BALANCES: Final = Declared(
    "loyalty_accrual_balances_total",
    Kind.COUNTER,
    "Balances taken, by outcome: recorded, late (its month was decided before it came), repeated, or the reason of a dead letter.",
    "`late`: recalculate the months they are of. Dead-letter reasons rising: GET dead-letters.",
    ("outcome",),
)
MONTHS: Final = Declared(
    "loyalty_accrual_months_total",
    Kind.COUNTER,
    "Accounts' months decided, by outcome: accrued, not-accrued, untold (no rule on balances in force, or nothing on the account: no decision is written).",
    "Still while accounts wait after a month's end: see loyalty_chore_failures_total; balances that never stop coming also hold it up.",
    ("outcome",),
)
CUSTOMERS: Final = Declared(
    "loyalty_accrual_customer_changes_total",
    Kind.COUNTER,
    "Customer changes taken, by outcome: recorded, repeated, or the reason of a dead letter.",
    "Dead-letter reasons rising: GET dead-letters.",
    ("outcome",),
)
MERCHANTS: Final = Declared(
    "loyalty_accrual_merchant_changes_total",
    Kind.COUNTER,
    "Merchants' changes taken, by outcome: recorded, repeated, or the reason of a dead letter.",
    "Dead-letter reasons rising: GET dead-letters.",
    ("outcome",),
)
MERGES: Final = Declared(
    "loyalty_accrual_customer_merges_total",
    Kind.COUNTER,
    "Customer numbers that became one, and such merges undone, as the ledger told, by outcome: recorded.",
    "Nothing to do; compare with GET merges of redemption when limits seem to count for the wrong customer.",
    ("outcome",),
)
CONFLICTS: Final = Declared(
    "loyalty_accrual_conflicting_content_total",
    Kind.COUNTER,
    "Records whose business key was here before with other content. Nothing was changed by them.",
    "Any: alarm. Upstream used a number twice or changed an event in place; compare the dead letter with GET decisions, and have it sent under a new number.",
)
WAITING: Final = Declared(
    "loyalty_accrual_waiting_refunds",
    Kind.GAUGE,
    "Refunds and reversals whose purchase has not come.",
    "Growing: a source's purchases are missing; look at its topic and its dead letters.",
)
WAITING_AGE: Final = Declared(
    "loyalty_accrual_waiting_refund_oldest_seconds",
    Kind.GAUGE,
    "How long the oldest of the waiting refunds has waited; 0 when none waits.",
    "Over a day: ask upstream for the purchase, by the number in its decision.",
)
CAMPAIGNS_NEARLY_SPENT: Final = Declared(
    "loyalty_accrual_campaigns_nearly_spent",
    Kind.GAUGE,
    "Campaigns in force that have used nine tenths of their budgets or more, and not all.",
    "Any: GET campaigns tells which, and when each will be spent; tell the department that pays, or post a version with a larger budget.",
)

ALL: Final = (EVENTS, BEHAVIOURS, BALANCES, MONTHS, CUSTOMERS, MERCHANTS, MERGES, CONFLICTS, WAITING, WAITING_AGE, CAMPAIGNS_NEARLY_SPENT)
