"""What the codes of the services' APIs are called on the pages. The English stands here, the Chinese in `locales/zh.po`."""

from collections.abc import Mapping
from typing import Final


def N_(message: str) -> str:  # noqa: N802 -- the name by which gettext's tools find texts that are translated elsewhere
    """Mark a text for the catalogue."""
    return message


_ENTRIES: Final = {
    "earned": N_("Earned"),
    "clawed-back": N_("Clawed back"),
    "granted": N_("Granted"),
    "redeemed": N_("Redeemed"),
    "restored": N_("Restored"),
    "reversed": N_("Reversed"),
    "expired": N_("Expired"),
    "repaid": N_("Arrears repaid"),
    "adjusted": N_("Adjusted"),
    "transferred": N_("Transferred"),
    "written-off": N_("Arrears written off"),
    "extended": N_("Expiry extended"),
}
_OUTCOMES: Final = {
    "accrued": N_("Points accrued"),
    "not-accrued": N_("No points"),
    "clawed-back": N_("Points clawed back"),
    "nothing-to-take": N_("Nothing to claw back"),
    "waiting": N_("Waiting for the original"),
    "repeated": N_("Repeated, skipped"),
}
_CAUSES: Final = {
    "transaction": N_("Transaction"),
    "refund": N_("Refund"),
    "reversal": N_("Reversal"),
    "balance": N_("Balance"),
    "behaviour": N_("Behaviour"),
    "redemption": N_("Redemption"),
    "redemption-void": N_("Redemption voided"),
    "redemption-refund": N_("Redemption refunded"),
    "grant": N_("Grant"),
    "channel-reversal": N_("Channel's reversal"),
    "expiry": N_("Expiry"),
    "adjustment": N_("Adjustment"),
    "adjustment-file": N_("File of adjustments"),
    "arrears-write-off": N_("Write-off of arrears"),
    "expiry-extension": N_("Extension of expiry"),
    "transfer": N_("Transfer of points"),
    "merge": N_("Merge of customers"),
    "merge-undo": N_("Merge undone"),
    "recalculation": N_("Recalculation"),
    "import": N_("Import of points"),
}
_CUSTOMER_STATUSES: Final = {"active": N_("Active"), "closed": N_("Closed"), "blacklisted": N_("Blacklisted")}
_POINT_TYPES: Final = {
    "base": N_("Base points"),
    "bonus": N_("Bonus points"),
    "qualifying": N_("Qualifying points"),
    "campaign": N_("Campaign points"),
}
_RULE_STATUSES: Final = {
    "draft": N_("Draft"),
    "submitted": N_("Submitted"),
    "approved": N_("Approved"),
    "rejected": N_("Rejected"),
    "stopped": N_("Stopped"),
}
_PERIODS: Final = {
    "transaction": N_("a transaction"),
    "day": N_("a day"),
    "month": N_("a month"),
    "year": N_("a year"),
    "campaign": N_("a campaign"),
    "rolling_days": N_("some days back"),
}
_SERVICES: Final = {
    "console": N_("Console"),
    "accrual": N_("Accrual"),
    "redemption": N_("Redemption"),
    "merchant": N_("Merchants"),
    "gift-order": N_("Gifts and orders"),
    "settlement": N_("Settlement"),
    "reporting": N_("Reports"),
}
_SERVICE_STATES: Final = {"ready": N_("Ready"), "not-ready": N_("Not ready"), "away": N_("Away")}
_CONSUMER_STATES: Final = {
    "following": N_("Following"),
    "waiting-for-kafka": N_("Waiting for Kafka"),
    "waiting-for-database": N_("Waiting for the database"),
    "stopped": N_("Stopped"),
    "elsewhere": N_("Followed by another process"),
}
_FUNCTIONS: Final = {
    "channel": N_("Channel"),
    "maker": N_("Maker"),
    "checker": N_("Checker"),
    "admin": N_("Administrator"),
    "auditor": N_("Auditor"),
}
_INVARIANTS: Final = {
    "postings-equal-lots-and-arrears": N_("Postings equal lots less arrears"),
    "balances-equal-entries": N_("Balances equal entries"),
    "balance-after-adds-up": N_("Each line's balance adds up"),
    "account-versions-gapless": N_("No line is missing in any account"),
    "trial-balance-zero": N_("The trial balance is zero"),
    "no-lot-below-zero": N_("No lot is below zero"),
    "no-arrears-beside-points": N_("No arrears beside available points"),
    "every-earning-once": N_("Every earning is posted once"),
    "held-points-equal-holds": N_("Held points equal the holds"),
    "every-hold-ends-once": N_("Every hold ends once"),
    "used-points-equal-redemptions": N_("Used points equal the redemptions"),
    "adjusted-points-equal-adjustments": N_("Adjusted points equal the adjustments"),
    "lapsed-points-are-expired": N_("What has lapsed is expired"),
    "accounts-tell-their-freezes": N_("Accounts tell their freezes"),
    "arrears-are-listed": N_("Arrears are listed with their age"),
    "outbox-empties": N_("What was committed gets published"),
    "stocks-are-their-movements": N_("Stock equals its movements"),
    "orders-have-their-pieces": N_("Orders have the pieces they took"),
    "orders-come-to-rest": N_("No order is left half done"),
    "batches-equal-their-lines": N_("Batches equal their lines"),
    "steps-of-batches-are-checked": N_("Each step of a batch is by another operator"),
    "mart-ties-to-the-ledger": N_("Reports tie to the ledger"),
    "groups-equal-tallies": N_("Groups equal the tallies"),
    "groups-are-as-they-were-written": N_("Groups are as they were written"),
}
_STEPS: Final = {"submit": N_("Submit"), "approve": N_("Approve"), "reject": N_("Reject"), "stop": N_("Stop")}
_DONE: Final = {
    "saved": N_("Saved as a draft."),
    "submitted": N_("Submitted: a checker can approve it now."),
    "approved": N_("Approved."),
    "rejected": N_("Rejected."),
    "stopped": N_("Stopped."),
    "pending": N_("Asked for: it holds when a checker has approved it."),
    "queued": N_("The run is queued."),
}
_APPROVALS: Final = {"parameter": N_("Parameter")}
_APPROVAL_STATUSES: Final = {"pending": N_("Waiting"), "approved": N_("Approved"), "rejected": N_("Rejected")}
_RUN_STATUSES: Final = {"queued": N_("Queued"), "running": N_("Running"), "done": N_("Done"), "failed": N_("Failed")}
_PROBLEMS: Final = {
    "session-refused": N_("Operator or password is not right."),
    "session-locked": N_("The operator is locked after too many failures. An administrator can unlock it."),
    "session-not-known-yet": N_("A service has not heard of your session yet. Try again in a moment."),
    "foreign-form": N_("The form was not sent from this console's own page. Nothing was done; open the page again."),
    "page-unknown": N_("There is no page at this address."),
    "service-away": N_("A service that this page needs does not answer. Nothing was changed; try again in a moment."),
    "not-your-entity": N_("Your operator is not bound to this legal entity."),
    "function-not-granted": N_("Your operator does not have the function that this needs."),
    "maker-cannot-approve": N_("Who made it cannot approve it: another operator has to. Nothing was changed."),
    "customer-unknown": N_("There is no customer of this number with an account."),
    "decision-unknown": N_("No event of this number has come."),
    "entity-unknown": N_("There is no such legal entity on this installation."),
    "invalid-request": N_("What was entered is not valid."),
    "malformed-json": N_("The text is not JSON."),
    "not-found": N_("There is nothing at this address."),
    "temporarily-unavailable": N_("The database is away or busy; nothing was done. Try again in a moment."),
    "too-many-requests": N_("Too many calls at this moment. Try again in a moment."),
    "key-in-progress": N_("The same request is still running."),
    "idempotency-key-reused": N_("The form was sent before with other content. Open the page again."),
    "internal-error": N_("The service failed; its log says more under the request id."),
    "rule-not-valid": N_("The rule does not fit. Each fault is named with its path."),
    "rule-unknown": N_("There is no such version of the rule."),
    "rule-not-draft": N_("Only a draft can be submitted."),
    "rule-not-submitted": N_("Only a submitted version can be approved or rejected."),
    "rule-not-approved": N_("Only an approved version can be stopped."),
    "rule-already-stopped": N_("The version is stopped already."),
    "rule-conflict": N_("The rule cannot stand beside the rules in force."),
    "beyond-your-scope": N_("That is beyond your operator's scope. Nothing was changed."),
    "approval-unknown": N_("There is no such request for approval."),
    "already-decided": N_("It was decided already. Nothing was changed."),
    "effective-on-passed": N_("The date has passed: it has to be the present business date or a later one."),
    "parameter-unknown": N_("There is no parameter of this name."),
    "parameter-value-invalid": N_("The value does not fit the parameter."),
    "job-unknown": N_("There is no such job."),
    "no-closed-date": N_("No business date has been closed yet."),
}

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "entry": _ENTRIES,
    "outcome": _OUTCOMES,
    "cause": _CAUSES,
    "customer-status": _CUSTOMER_STATUSES,
    "point-type": _POINT_TYPES,
    "rule-status": _RULE_STATUSES,
    "period": _PERIODS,
    "service": _SERVICES,
    "service-state": _SERVICE_STATES,
    "consumer-state": _CONSUMER_STATES,
    "function": _FUNCTIONS,
    "invariant": _INVARIANTS,
    "step": _STEPS,
    "done": _DONE,
    "approval": _APPROVALS,
    "approval-status": _APPROVAL_STATUSES,
    "run-status": _RUN_STATUSES,
    "problem": _PROBLEMS,
}
