"""The pure rules of merchants and contracts: who goes where, on whose word; one rate on any date."""

from datetime import UTC, date, datetime, timedelta

import pytest

from merchant.application.answering import REASONS
from merchant.domain.contracts import Contract, ContractStatus, decide_approval
from merchant.domain.merchants import Merchant, MerchantStatus, MerchantType, Profile, Step, decide_step, register
from merchant.domain.refusals import Refusal
from merchant.entrypoints.problems import PROBLEMS

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
PROFILE = Profile(names={"en": "Nanzhu Coffee"}, merchant_type=MerchantType.POINTS_ACCEPTING, mcc="5814")


def merchant(*steps: Step) -> Merchant:
    """Return a merchant that has gone these steps."""
    gone: Merchant | Refusal = register("001", "M1", PROFILE, by="maker", at=NOON)
    for step in steps:
        assert isinstance(gone, Merchant)
        gone = decide_step(gone, step, by="checker", at=NOON, reason=None)
    assert isinstance(gone, Merchant)
    return gone


APPLIED, ACTIVE = merchant(), merchant(Step.APPROVE)
SUSPENDED, TERMINATED = merchant(Step.APPROVE, Step.SUSPEND), merchant(Step.TERMINATE)


@pytest.mark.parametrize(
    ("before", "step", "after"),
    [
        (APPLIED, Step.APPROVE, MerchantStatus.ACTIVE),
        (APPLIED, Step.SUSPEND, Refusal.MERCHANT_NOT_ACTIVE),
        (APPLIED, Step.RESUME, Refusal.MERCHANT_NOT_SUSPENDED),
        (APPLIED, Step.TERMINATE, MerchantStatus.TERMINATED),
        (ACTIVE, Step.APPROVE, Refusal.MERCHANT_NOT_APPLIED),
        (ACTIVE, Step.SUSPEND, MerchantStatus.SUSPENDED),
        (ACTIVE, Step.RESUME, Refusal.MERCHANT_NOT_SUSPENDED),
        (ACTIVE, Step.TERMINATE, MerchantStatus.TERMINATED),
        (SUSPENDED, Step.APPROVE, Refusal.MERCHANT_NOT_APPLIED),
        (SUSPENDED, Step.SUSPEND, Refusal.MERCHANT_NOT_ACTIVE),
        (SUSPENDED, Step.RESUME, MerchantStatus.ACTIVE),
        (SUSPENDED, Step.TERMINATE, MerchantStatus.TERMINATED),
        *[(TERMINATED, step, Refusal.MERCHANT_TERMINATED) for step in Step],
    ],
)
def test_every_step_from_every_status(before: Merchant, step: Step, after: MerchantStatus | Refusal) -> None:
    decided = decide_step(before, step, by="checker", at=LATER, reason="why")
    if isinstance(after, Refusal):
        assert decided is after
    else:
        assert isinstance(decided, Merchant)
        assert (decided.status, decided.version, decided.changed_at, decided.reason) == (after, before.version + 1, LATER, "why")
        assert decided.profile == before.profile


def test_who_registered_a_merchant_never_approves_it_whatever_its_status() -> None:
    for before in (APPLIED, ACTIVE, SUSPENDED, TERMINATED):
        assert decide_step(before, Step.APPROVE, by="maker", at=LATER, reason=None) is Refusal.MAKER_CANNOT_APPROVE
    assert ACTIVE.checked_by == "checker"
    assert SUSPENDED.checked_by == "checker"


def test_a_clock_set_back_makes_no_change_look_older_than_the_one_before() -> None:
    suspended = decide_step(ACTIVE, Step.SUSPEND, by="checker", at=NOON - timedelta(days=1), reason=None)
    assert isinstance(suspended, Merchant)
    assert suspended.changed_at == ACTIVE.changed_at


def contract(start: int, end: int | None, **more: object) -> Contract:
    """Return a contract from one day of March 2026 to another."""
    fields = {
        "contract_no": "K1", "effective_from": date(2026, 3, start), "effective_to": date(2026, 3, end) if end else None, "fee_bps": 50, "ratio": None,
        "shares": (), "status": ContractStatus.APPLIED, "made_by": "maker", "changed_at": NOON,
    }  # fmt: skip
    return Contract(**{**fields, **more})  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("waiting", "active", "overlaps"),
    [
        (contract(5, 10), contract(1, 5), False),
        (contract(5, 10), contract(10, None), False),
        (contract(5, 10), contract(9, None), True),
        (contract(5, 10), contract(1, 6), True),
        (contract(5, 10), contract(6, 7), True),
        (contract(5, None), contract(20, None), True),
    ],
)
def test_on_any_date_a_merchant_has_one_rate(waiting: Contract, active: Contract, overlaps: bool) -> None:
    decided = decide_approval(waiting, [active], by="checker", at=LATER)
    assert (decided is Refusal.CONTRACT_OVERLAPS) is overlaps
    assert waiting.overlaps(active) is active.overlaps(waiting) is overlaps


def test_a_contract_is_approved_once_by_another_than_its_maker() -> None:
    assert decide_approval(contract(1, 5), [], by="maker", at=LATER) is Refusal.MAKER_CANNOT_APPROVE
    approved = decide_approval(contract(1, 5), [], by="checker", at=LATER)
    assert isinstance(approved, Contract)
    assert (approved.status, approved.checked_by, approved.changed_at) == (ContractStatus.ACTIVE, "checker", LATER)
    assert decide_approval(approved, [], by="checker", at=LATER) is Refusal.CONTRACT_NOT_APPLIED


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_its_problem_and_its_reason(refusal: Refusal) -> None:
    assert PROBLEMS[refusal].code == refusal.value
    assert all(REASONS[refusal])
