"""Why a call is refused: a closed set; each has its problem in `entrypoints/problems.py`."""

from enum import StrEnum


class Refusal(StrEnum):
    """A business refusal, by the stable code that callers see."""

    RULE_NOT_VALID = "rule-not-valid"
    RULE_UNKNOWN = "rule-unknown"
    RULE_NOT_DRAFT = "rule-not-draft"
    RULE_NOT_SUBMITTED = "rule-not-submitted"
    RULE_NOT_APPROVED = "rule-not-approved"
    RULE_ALREADY_STOPPED = "rule-already-stopped"
    RULE_ALREADY_IN_FORCE = "rule-already-in-force"
    RULE_CONFLICT = "rule-conflict"
    CAMPAIGN_NOT_VALID = "campaign-not-valid"
    CAMPAIGN_UNKNOWN = "campaign-unknown"
    CAMPAIGN_NOT_PENDING = "campaign-not-pending"
    CAMPAIGN_ALREADY_STOPPED = "campaign-already-stopped"
    MAKER_CANNOT_APPROVE = "maker-cannot-approve"
    FUNCTION_NOT_GRANTED = "function-not-granted"
    TRANSACTION_NOT_VALID = "transaction-not-valid"
    DECISION_UNKNOWN = "decision-unknown"
    CUSTOMER_UNKNOWN = "customer-unknown"
    RECALCULATION_UNKNOWN = "recalculation-unknown"
    RECALCULATION_NOT_PENDING = "recalculation-not-pending"
    SIMULATION_UNKNOWN = "simulation-unknown"
    SIMULATION_NOT_RUNNING = "simulation-not-running"
    SIMULATION_NOT_STOPPED = "simulation-not-stopped"


#: Of these no answer is kept: who calls may have changed by the next try, or the call was never valid.
NOT_KEPT = frozenset({Refusal.RULE_NOT_VALID, Refusal.CAMPAIGN_NOT_VALID, Refusal.MAKER_CANNOT_APPROVE, Refusal.FUNCTION_NOT_GRANTED})
