"""What the ledger does by itself, and what a scheduler asks of it by name."""

from collections.abc import Mapping
from datetime import date

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.metrics import Metrics
from loyalty_shared.persistence.connections import Database
from loyalty_shared.persistence.entity_dates import list_entities
from loyalty_shared.service import TryAgain
from loyalty_shared.serving import Chore, Job
from loyalty_shared.web.idempotency import forget_all_answers
from redemption.adapters.extensions import SqlExtendingWork
from redemption.adapters.invariants import check_invariants
from redemption.adapters.notices import SqlNoticesWork
from redemption.adapters.online_unit_of_work import begin_online_on
from redemption.adapters.posting_files import SqlPostingWork
from redemption.adapters.posting_imports import SqlImportingWork
from redemption.adapters.settling import SqlSettlingWork
from redemption.adapters.staff_unit_of_work import SqlStaffWork
from redemption.adapters.unit_of_work import begin_on
from redemption.application.carry_out_extensions import CarryOutExtensions
from redemption.application.end_expired_holds import EndExpiredHolds
from redemption.application.end_freezes import EndFreezes
from redemption.application.post_adjustment_files import PostAdjustmentFiles
from redemption.application.post_imports import PostImports
from redemption.application.raise_notices import RaiseNotices
from redemption.application.settle_accounts import DateNotReached, Due, SettleAccounts
from redemption.entrypoints.proof_jobs import proof_jobs
from redemption.metrics import ACCOUNTS_SETTLED, INVARIANT_VIOLATIONS, INVARIANTS_CHECKED


def jobs(database: Database, clock: Clock) -> Mapping[str, Job]:
    """Return the jobs by name."""
    settle = SettleAccounts(begin_on(database, SqlSettlingWork), clock)

    raise_notices = RaiseNotices(begin_on(database, SqlNoticesWork), clock)

    def raise_notices_for(legal_entity: str, on: date) -> str:
        try:
            return f"{raise_notices(legal_entity, on)} notices raised"
        except DateNotReached as error:
            raise TryAgain(str(error)) from error

    def settle_due(due: Due) -> Job:
        def job(legal_entity: str, on: date) -> str:
            try:
                return f"{settle(legal_entity, due, on)} accounts settled"
            except DateNotReached as error:
                raise TryAgain(str(error)) from error

        return job

    return {**{due.value: settle_due(due) for due in Due}, "raise-expiry-notices": raise_notices_for, **proof_jobs(database, clock)}


def chores(database: Database, clock: Clock, metrics: Metrics) -> tuple[Chore, ...]:
    """Return what comes up by itself: holds whose time is up, points that a new date has made due, answers nobody will ask for, the books' check."""
    end_expired_holds = EndExpiredHolds(begin=begin_online_on(database), clock=clock)
    settle = SettleAccounts(begin_on(database, SqlSettlingWork), clock)
    post_adjustment_files = PostAdjustmentFiles(begin_on(database, SqlPostingWork), clock)
    post_imports_of = PostImports(begin_on(database, SqlImportingWork), clock)
    end_freezes_of = EndFreezes(begin_on(database, SqlStaffWork), clock)

    carry_out_extensions = CarryOutExtensions(begin=begin_on(database, SqlExtendingWork), clock=clock)

    def end_holds() -> None:
        while end_expired_holds():
            pass

    def end_freezes() -> None:
        for legal_entity in _entities(database):
            end_freezes_of(legal_entity)

    def post_files() -> None:
        for legal_entity in _entities(database):
            post_adjustment_files(legal_entity)

    def post_imports() -> None:
        for legal_entity in _entities(database):
            post_imports_of(legal_entity)

    def settle_due() -> None:
        for legal_entity in _entities(database):
            for due in Due:
                metrics.counter(ACCOUNTS_SETTLED).labels(due=due.value).inc(settle(legal_entity, due))

    raise_notices = RaiseNotices(begin_on(database, SqlNoticesWork), clock)

    def tell_customers() -> None:
        for legal_entity in _entities(database):
            raise_notices(legal_entity)

    def extend_expiry() -> None:
        for legal_entity in _entities(database):
            while carry_out_extensions(legal_entity):
                pass

    def forget() -> None:
        forget_all_answers(database, clock.now())

    def check_books() -> None:
        for legal_entity in _entities(database):
            with database.transaction() as cursor:
                checked = check_invariants(cursor, legal_entity, clock.now())
            for invariant in checked:
                metrics.gauge(INVARIANT_VIOLATIONS).labels(legal_entity=legal_entity, invariant=invariant.name).set(invariant.violations)
            metrics.gauge(INVARIANTS_CHECKED).labels(legal_entity=legal_entity).set(clock.now().timestamp())

    return (
        Chore(name="end-expired-holds", every_seconds=1, run=end_holds),
        Chore(name="post-adjustment-files", every_seconds=1, run=post_files),
        Chore(name="post-imports", every_seconds=1, run=post_imports),
        Chore(name="end-freezes", every_seconds=60, run=end_freezes),
        Chore(name="settle-accounts", every_seconds=20, run=settle_due),
        Chore(name="raise-expiry-notices", every_seconds=900, run=tell_customers),
        Chore(name="extend-expiry", every_seconds=3, run=extend_expiry),
        Chore(name="forget-answers", every_seconds=600, run=forget),
        Chore(name="check-invariants", every_seconds=300, run=check_books),
    )


def _entities(database: Database) -> list[str]:
    with database.transaction() as cursor:
        return [entity.legal_entity for entity in list_entities(cursor)]
