"""Campaigns' budgets in leases: a row per campaign and worker. A budget's pool is what it has beyond all that is granted, so that no row stands for it.

`granted` less `used` is what a worker may still give. Giving changes `used`, in the batch's own transaction; only drawing and taking back change `granted`,
under the campaign's pool lock. So the sum of what is granted stands still while batches give, and never passes the budget.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from psycopg2.extensions import cursor as Cursor

from accrual.adapters.campaigns import SqlCampaigns
from accrual.application.budget_book import BudgetBook, BudgetShort, CampaignKey, Lease
from accrual.application.campaign_records import BudgetUse
from accrual.domain.budget_leases import lease_from
from loyalty_shared.persistence.arrays import number_array, text_array

#: First half of the advisory lock's key: of one campaign's budget one transaction at a time draws.
POOL_LOCK_CLASS: Final = 7_102
#: How many business dates a campaign's pace looks back on at most.
DAYS_TOLD_MAX: Final = 90

_LEASES: Final = """
select legal_entity, code, sum(used)::bigint, coalesce(sum(granted - used) filter (where worker = %s), 0)::bigint
from campaign_lease join unnest(%s::text[], %s::text[]) as wanted (legal_entity, code) using (legal_entity, code) group by legal_entity, code
"""
_GIVEN: Final = "unnest(%s::text[], %s::text[], %s::bigint[], %s::bool[]) as given (legal_entity, code, points, bounded)"
_MAKE: Final = f"""
insert into campaign_lease (legal_entity, code, worker, granted, used) select legal_entity, code, %s, 0, 0 from {_GIVEN}
order by legal_entity, code on conflict do nothing
"""
#: An update alone would take the rows in the order of its plan.
_LOCK_GIVEN: Final = f"""
select from campaign_lease as lease join {_GIVEN} using (legal_entity, code) where worker = %s order by legal_entity, code for update of lease
"""
_GIVE: Final = f"""
update campaign_lease as lease set used = lease.used + given.points from {_GIVEN}
where lease.legal_entity = given.legal_entity and lease.code = given.code and lease.worker = %s
    and (not given.bounded or lease.used + given.points <= lease.granted)
"""
_COUNT_DAY: Final = f"""
insert into campaign_day as day (legal_entity, code, business_on, worker, points)
select given.legal_entity, given.code, entity.business_on, %s, given.points from {_GIVEN} join entity using (legal_entity)
order by legal_entity, code on conflict (legal_entity, code, business_on, worker) do update set points = day.points + excluded.points
"""
_USED: Final = "select code, sum(used)::bigint from campaign_lease where legal_entity = %s and code = any(%s::text[]) group by code"
_USED_BY_DAY: Final = """
select code, day.business_on, sum(points)::bigint from campaign_day as day join entity using (legal_entity)
where legal_entity = %s and code = any(%s::text[]) and day.business_on > entity.business_on - %s
group by code, day.business_on order by code, day.business_on
"""
_OF_CAMPAIGN: Final = "select worker, granted, used from campaign_lease where legal_entity = %s and code = %s order by worker"
_TAKE_BACK: Final = "update campaign_lease set granted = used where legal_entity = %s and code = %s and worker <> %s"
_ENLARGE: Final = """
insert into campaign_lease as lease (legal_entity, code, worker, granted, used) values (%s, %s, %s, %s, 0)
on conflict (legal_entity, code, worker) do update set granted = lease.granted + excluded.granted
"""
#: No worker: all leases are taken back.
_NOBODY: Final = -2


class SqlBudgets:
    """The budgets of campaigns, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def read(self, budgets: Mapping[CampaignKey, int], worker: int) -> BudgetBook:
        if not budgets:
            return BudgetBook({}, worker)
        self._cursor.execute(_LEASES, (worker, *_keys(budgets)))
        found = {(legal_entity, code): (used, room) for legal_entity, code, used, room in self._cursor.fetchall()}
        leases = {}
        for key, total in budgets.items():
            used, room = found.get(key, (0, 0))
            left = max(0, total - used)
            leases[key] = Lease(min(room, left), is_last=left <= room)
        return BudgetBook(leases, worker)

    def post(self, book: BudgetBook) -> None:
        changes = book.changes()
        if not changes:
            return
        keys, points, bounded = zip(*changes, strict=True)
        given = (*_keys(keys), number_array(points), list(bounded))
        self._cursor.execute(_MAKE, (book.worker, *given))
        self._cursor.execute(_LOCK_GIVEN, (*given, book.worker))
        self._cursor.execute(_GIVE, (*given, book.worker))
        if self._cursor.rowcount != len(changes):
            raise BudgetShort({key: asked for key, asked, is_bounded in changes if is_bounded})
        self._cursor.execute(_COUNT_DAY, (book.worker, *given))

    def hold_pools(self, campaigns: Iterable[CampaignKey]) -> None:
        for legal_entity, code in sorted(campaigns):
            self._cursor.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", (POOL_LOCK_CLASS, f"{legal_entity}:{code}"))

    def draw(self, asked: Mapping[CampaignKey, int], worker: int) -> None:
        for (legal_entity, code), points in sorted(asked.items()):
            total = self._total(legal_entity, code)
            leases = self._leases(legal_entity, code)
            granted, used = leases.get(worker, (0, 0))
            pool = total - sum(lease[0] for lease in leases.values())
            short = points - (granted - used)
            if short > 0 and pool < short:
                self._lock(legal_entity, code)
                self._cursor.execute(_TAKE_BACK, (legal_entity, code, worker))
                pool = total - sum(lease[0] for lease in self._leases(legal_entity, code).values())
            more = lease_from(pool, short) if short > 0 else 0
            if more:
                self._cursor.execute(_ENLARGE, (legal_entity, code, worker, more))

    def take_back(self, legal_entity: str, code: str) -> None:
        self.hold_pools([(legal_entity, code)])
        self._lock(legal_entity, code)
        self._cursor.execute(_TAKE_BACK, (legal_entity, code, _NOBODY))

    def use_of(self, legal_entity: str, codes: Iterable[str]) -> Mapping[str, BudgetUse]:
        wanted = text_array(codes)
        self._cursor.execute(_USED, (legal_entity, wanted))
        used = dict(self._cursor.fetchall())
        self._cursor.execute(_USED_BY_DAY, (legal_entity, wanted, DAYS_TOLD_MAX))
        by_day: dict[str, list[tuple[date, int]]] = {}
        for code, on, points in self._cursor.fetchall():
            by_day.setdefault(code, []).append((on, points))
        return {code: BudgetUse(points, tuple(by_day.get(code, ()))) for code, points in used.items()}

    def _leases(self, legal_entity: str, code: str) -> dict[int, tuple[int, int]]:
        self._cursor.execute(_OF_CAMPAIGN, (legal_entity, code))
        return {worker: (granted, used) for worker, granted, used in self._cursor.fetchall()}

    def _lock(self, legal_entity: str, code: str) -> None:
        """Lock the campaign's leases in order of their workers: a batch that gives from one holds it until it has committed."""
        self._cursor.execute(f"{_OF_CAMPAIGN} for update", (legal_entity, code))

    def _total(self, legal_entity: str, code: str) -> int:
        """Return the points of the budget as it is now, which is the one that later batches see."""
        campaign = SqlCampaigns(self._cursor).get(legal_entity, code)
        return campaign.budget.total_points if campaign.budget is not None else 0


def _keys(campaigns: Iterable[CampaignKey]) -> tuple[str, str]:
    entities, codes = zip(*campaigns, strict=True)
    return text_array(entities), text_array(codes)
