"""The versions of campaigns and their uploaded lists."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from accrual.application.campaign_records import IN_FORCE, CampaignRecord, CampaignStatus
from accrual.application.rule_records import IN_FORCE as RULES_IN_FORCE
from accrual.domain.campaign import Campaign
from accrual.domain.campaign_document import CampaignRead, campaign_from_document
from loyalty_shared.persistence.arrays import text_array

_COLUMNS: Final = """
campaign_no, legal_entity, code, version, document, list_no,
(select cardinality(customers) from campaign_list where campaign_list.list_no = campaign_version.list_no),
status, made_by, made_at, checked_by, checked_at, stopped_on
"""
_ADD: Final = """
insert into campaign_version (legal_entity, code, version, document, list_no, status, made_by, made_at)
select %(legal_entity)s, %(code)s, coalesce(max(version), 0) + 1, %(document)s, %(list_no)s, %(status)s, %(made_by)s, %(made_at)s
from campaign_version where legal_entity = %(legal_entity)s and code = %(code)s
returning version
"""
_NAMED: Final = "select exists (select from rule_version where legal_entity = %s and status = any(%s) and document ->> 'campaign' = %s)"
_IN_FORCE: Final = f"""
select distinct on (code) {_COLUMNS} from campaign_version where legal_entity = %s and status = any(%s)
"""
_STATUSES_IN_FORCE: Final = [status.value for status in IN_FORCE]


class SqlCampaigns:
    """The campaigns, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def keep_list(self, customers: Collection[str]) -> int:
        self._cursor.execute("insert into campaign_list (customers) values (%s::text[]) returning list_no", (text_array(sorted(customers)),))
        return self._number()

    def listed(self, record: CampaignRecord) -> frozenset[str]:
        return frozenset() if record.list_no is None else load_lists(self._cursor, [record.list_no])[record.list_no]

    def add(self, record: CampaignRecord) -> CampaignRecord:
        self._cursor.execute(
            _ADD,
            {
                "legal_entity": record.legal_entity, "code": record.code, "document": msgspec.json.encode(record.document).decode(),
                "list_no": record.list_no, "status": record.status.value, "made_by": record.made_by, "made_at": record.made_at,
            },
        )  # fmt: skip
        added = self.find(record.legal_entity, record.code, self._number())
        assert added is not None
        return added

    def find(self, legal_entity: str, code: str, version: int) -> CampaignRecord | None:
        self._cursor.execute(f"select {_COLUMNS} from campaign_version where legal_entity = %s and code = %s and version = %s", (legal_entity, code, version))
        return next(iter(self._records()), None)

    def list_in_force(self, legal_entity: str, codes: Collection[str]) -> list[CampaignRecord]:
        self._cursor.execute(f"{_IN_FORCE} and code = any(%s) order by code, version desc", (legal_entity, _STATUSES_IN_FORCE, list(codes)))
        return self._records()

    def list_page(self, legal_entity: str, after: str | None, limit: int) -> list[CampaignRecord]:
        self._cursor.execute(f"{_IN_FORCE} and code > %s order by code, version desc limit %s", (legal_entity, _STATUSES_IN_FORCE, after or "", limit))
        return self._records()

    def list_by_entity(self) -> dict[str, list[CampaignRecord]]:
        self._cursor.execute(
            f"select distinct on (legal_entity, code) {_COLUMNS} from campaign_version where status = any(%s) order by legal_entity, code, version desc",
            (_STATUSES_IN_FORCE,),
        )
        by_entity: dict[str, list[CampaignRecord]] = {}
        for record in self._records():
            by_entity.setdefault(record.legal_entity, []).append(record)
        return by_entity

    def list_versions(self, legal_entity: str, code: str, limit: int) -> list[CampaignRecord]:
        self._cursor.execute(
            f"select {_COLUMNS} from campaign_version where legal_entity = %s and code = %s order by version desc limit %s", (legal_entity, code, limit)
        )
        return self._records()

    def save(self, record: CampaignRecord) -> None:
        self._cursor.execute(
            "update campaign_version set status = %s, checked_by = %s, checked_at = %s, stopped_on = %s where campaign_no = %s",
            (record.status.value, record.checked_by, record.checked_at, record.stopped_on, record.campaign_no),
        )

    def is_named(self, legal_entity: str, code: str) -> bool:
        self._cursor.execute(_NAMED, (legal_entity, [status.value for status in RULES_IN_FORCE], code))
        row = self._cursor.fetchone()
        return row is not None and bool(row[0])

    def get(self, legal_entity: str, code: str) -> Campaign:
        """Return a campaign as it is in force; raises LookupError when there is none. Its uploaded list is left out: budgets do not ask for it."""
        for record in self.list_in_force(legal_entity, [code]):
            return campaign_of(record.document, record.version, None, record.stopped_on)
        raise LookupError(f"campaign {code} of {legal_entity} is not in force")

    def load(self, legal_entity: str, codes: Collection[str]) -> dict[str, Campaign]:
        records = self.list_in_force(legal_entity, codes)
        lists = load_lists(self._cursor, [record.list_no for record in records if record.list_no is not None])
        return {record.code: campaign_of(record.document, record.version, lists.get(record.list_no or 0), record.stopped_on) for record in records}

    def _number(self) -> int:
        row = self._cursor.fetchone()
        assert row is not None
        number: int = row[0]
        return number

    def _records(self) -> list[CampaignRecord]:
        return [_record(*row) for row in self._cursor.fetchall()]


def _record(
    campaign_no: int, legal_entity: str, code: str, version: int, document: Any, list_no: int | None, listed: int | None, *standing: Any
) -> CampaignRecord:
    status, made_by, made_at, checked_by, checked_at, stopped_on = standing
    return CampaignRecord(
        campaign_no=campaign_no,
        legal_entity=legal_entity,
        code=code,
        version=version,
        document=document,
        list_no=list_no,
        listed=listed,
        status=CampaignStatus(status),
        made_by=made_by,
        made_at=made_at,
        checked_by=checked_by,
        checked_at=checked_at,
        stopped_on=stopped_on,
    )


def campaign_of(document: Any, version: int, customers: frozenset[str] | None, stopped_on: date | None) -> Campaign:
    """Return a campaign from its kept document, which fitted when it was posted."""
    read = campaign_from_document(document, version=version, customers=customers, stopped_on=stopped_on)
    assert isinstance(read, CampaignRead), f"a campaign was kept and no longer fits: {read}"
    return read.campaign


def load_lists(cursor: Cursor, numbers: Sequence[int]) -> dict[int, frozenset[str]]:
    """Return uploaded lists by number."""
    if not numbers:
        return {}
    cursor.execute("select list_no, customers from campaign_list where list_no = any(%s)", (list(numbers),))
    return {list_no: frozenset(customers) for list_no, customers in cursor.fetchall()}


#: What a rule set binds: of each campaign that its rules name the version in force, and its stop.
BOUND: Final = """
select coalesce(jsonb_agg(jsonb_build_array(campaign_no, stopped_on) order by campaign_no), '[]') from (
    select distinct on (code) campaign_no, stopped_on from campaign_version
    where legal_entity = %s and status = any(%s) and code in (select document ->> 'campaign' from rule_version where rule_no = any(%s))
    order by code, version desc) as bound
"""
_OF_SET: Final = """
select campaign_version.code, version, document, list_no, member ->> 1
from rule_set cross join jsonb_array_elements(campaigns) as member join campaign_version on campaign_no = (member ->> 0)::int where rule_set.number = %s
"""


class CampaignsOfSets:
    """The campaigns of rule sets, whose uploaded lists, immutable, are loaded once and kept by the process."""

    def __init__(self) -> None:
        self._lists: dict[int, frozenset[str]] = {}

    def load(self, cursor: Cursor, number: int) -> dict[str, Campaign]:
        """Return the campaigns that a rule set binds, by code."""
        cursor.execute(_OF_SET, (number,))
        rows = cursor.fetchall()
        wanted = {row[3] for row in rows if row[3] is not None}
        missing = wanted - self._lists.keys()
        lists = {list_no: self._lists[list_no] for list_no in wanted - missing} | load_lists(cursor, list(missing))
        self._lists = lists  # those of the newest set; of older ones the sets themselves hold theirs as long as they are kept
        return {
            code: campaign_of(document, version, lists.get(list_no or 0), None if stopped_on is None else date.fromisoformat(stopped_on))
            for code, version, document, list_no, stopped_on in rows
        }
