"""What accrual's calls take and answer. The rule document itself is checked by the domain, which names every fault by its path."""

from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from loyalty_shared.web.models import Body, DateField

DRAFT_RULES_MAX: Final = 20

#: A number or code in an address, as upstream gives them: any text that PostgreSQL can hold.
CodeInPath = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]
#: A transaction's or behaviour's number; of a month's balance the account's and the month.
DecisionNoInPath = Annotated[str, Path(min_length=1, max_length=64 + len(":2026-03"), pattern=r"^[^\x00]+$")]
CodeInQuery = Annotated[str | None, Query(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]
LegInPath = Annotated[int, Path(ge=1, le=32_767)]
VersionInPath = Annotated[int, Path(ge=1, le=2**31 - 1)]

#: A rule as contracts.md section 4 describes it.
RuleDocument = Annotated[dict[str, Any], Field(description="A rule: code, names, point_type, on, applies, when, earn, limits, available, expires, ...")]


class StopBody(Body):
    """From which transaction date on the version no longer decides."""

    on: DateField


class EvaluationBody(Body):
    """A transaction as on `core.transactions` (its entity is the path's), and rules to try as the newest versions of their codes."""

    transaction: dict[str, Any]
    draft_rules: list[RuleDocument] = Field(default_factory=list, max_length=DRAFT_RULES_MAX)


class ConflictShown(BaseModel):
    """A clash with an approved rule; a blocking one makes approval a 409."""

    code: str
    with_rule: str | None
    message: str
    blocking: bool


class RuleStanding(BaseModel):
    """Where a version stands after a step."""

    code: str
    version: int
    status: str


class RuleSaved(RuleStanding):
    """A new draft."""

    conflicts: list[ConflictShown]


class EffectShown(BaseModel):
    """What a rule would have changed of a sample of the events from `from` until before `to`: `customers` are those that would have earned with it."""

    model_config = ConfigDict(populate_by_name=True)

    from_on: date = Field(alias="from")
    to_on: date = Field(alias="to")
    events: int
    points_before: int
    points_after: int
    customers: int


class RuleSubmitted(RuleStanding):
    """A version that a checker has to look at."""

    effect: EffectShown


class RuleRolledBack(RuleStanding):
    """A new version with the document of an earlier one."""

    rolled_back_to: int


class RuleStopped(RuleStanding):
    """A stopped version."""

    stopped_on: date


class RuleShown(RuleStanding):
    """A version, its document, and who did what to it. `standing`: of an approved one scheduled, live, superseded, ended or stopped on the business date."""

    standing: str
    rule: dict[str, Any]
    made_by: str
    made_at: datetime
    checked_by: str | None
    checked_at: datetime | None
    stopped_on: date | None


class RulesShown(BaseModel):
    """A page of versions."""

    items: list[RuleShown]
    next_cursor: str | None


class LimitShown(BaseModel):
    """One limit at work."""

    points: int
    per: str
    over: str
    scope: str
    used: int
    room: int
    asked: int
    allowed: int


class RemainderShown(BaseModel):
    """How the remainder of a rule that carries changed, in fractions of a point ("3/4"): what it was, what the rule exactly gave, what is kept."""

    before: str
    exact: str
    after: str


class RuleOfDecision(BaseModel):
    """What one rule did: `given` before its limits, `points` after them, signed.

    `counts`: of a rule that counts events, what each period came to with this one. Of a refund, `given` 0 with negative `points`: taken from other earnings.
    """

    code: str
    version: int
    names: dict[str, str]
    applied: bool
    given: int
    points: int
    point_type: str
    campaign: str | None
    reason: str | None
    reason_text: dict[str, str] | None
    limits: list[LimitShown]
    counts: dict[str, int] | None
    remainder: RemainderShown | None
    awaits: str | None = Field(
        description="The customer's behaviour that the points wait for before they are published; null when they wait for none, or no more."
    )
    available_on: date | None
    expires_on: date | None


class OriginalShown(BaseModel):
    """The transaction a refund or reversal takes from."""

    source_system: str
    transaction_no: str
    leg: int


class BalanceShown(BaseModel):
    """The month that a balance's decision is of: `total_minor` is the sum of the balances at the end of each of its `days`."""

    account_no: str
    month: str
    average_minor: int
    total_minor: int
    days: int


class DecisionShown(BaseModel):
    """A decision and why. `points` is signed: a refund's is negative. `decided_at` null: an evaluation, nothing was written.

    Of a behaviour `transaction_no` is its number, of a month's balance `<account_no>:<YYYY-MM>`. `recalculated_by`: the recalculation that made it, if any.
    """

    kind: str
    legal_entity: str
    source_system: str
    transaction_no: str
    leg: int
    original: OriginalShown | None
    behaviour_code: str | None
    balance: BalanceShown | None
    customer_no: str
    transaction_on: date
    amount_minor: int
    currency: str
    outcome: str
    points: int
    reason: str | None
    reason_text: dict[str, str] | None
    rates: dict[str, str] = Field(description="The exchange rates that rules used: how many CNY one unit of a currency is worth.")
    rules: list[RuleOfDecision]
    customer_facts_at: datetime | None
    rule_set: int
    decided_at: datetime | None
    recalculated_by: str | None


class EarlierDecisionShown(BaseModel):
    """A decision of the event whose place a recalculation's has taken."""

    decided_at: datetime
    recalculated_by: str | None
    outcome: str
    points: int
    reason: str | None
    reason_text: dict[str, str] | None
    rule_set: int
    rules: list[RuleOfDecision]


class DecisionInFullShown(DecisionShown):
    """A decision, and those whose place it took: latest first."""

    earlier: list[EarlierDecisionShown]


class DecisionsShown(BaseModel):
    """A page of decisions, newest first."""

    items: list[DecisionShown]
    next_cursor: str | None


class FactsShown(BaseModel):
    """A customer's facts as they were from `changed_at` on."""

    legal_entity: str
    customer_no: str
    name: str | None
    level: str | None
    tags: list[str]
    born_on: date | None
    joined_on: date | None
    institution: str | None
    status: str
    changed_at: datetime


class CustomerShown(FactsShown):
    """A customer's latest facts, and the versions before them, latest first."""

    earlier: list[FactsShown]
