"""The versions of rules and the sets they make up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from accrual.adapters.campaigns import BOUND
from accrual.application.campaign_records import IN_FORCE as CAMPAIGNS_IN_FORCE
from accrual.application.rule_records import IN_FORCE, RuleRecord, RuleStatus, WantedRules

#: First half of the advisory lock's key: changes of one entity's rules happen one after the other.
RULES_LOCK_CLASS: Final = 7_101

_COLUMNS: Final = "rule_no, legal_entity, code, version, document, status, made_by, made_at, checked_by, checked_at, stopped_on"
_ADD: Final = f"""
insert into rule_version (legal_entity, code, version, document, status, made_by, made_at)
select %(legal_entity)s, %(code)s, coalesce(max(version), 0) + 1, %(document)s, %(status)s, %(made_by)s, %(made_at)s
from rule_version where legal_entity = %(legal_entity)s and code = %(code)s
returning {_COLUMNS}
"""
_LIST: Final = f"""
select {_COLUMNS} from rule_version where legal_entity = %(legal_entity)s and (code, version) > %(after)s
    and (%(code)s::text is null or code = %(code)s) and (%(status)s::text is null or status = %(status)s)
    and (%(rule_nos)s::int[] is null or rule_no = any(%(rule_nos)s::int[]))
order by code, version limit %(limit)s
"""


class SqlRuleVersions:
    """The rules, over one transaction's cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def lock(self, legal_entity: str) -> None:
        self._cursor.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", (RULES_LOCK_CLASS, legal_entity))

    def add(self, legal_entity: str, code: str, document: dict[str, Any], made_by: str, at: datetime) -> RuleRecord:
        self._cursor.execute(
            _ADD,
            {
                "legal_entity": legal_entity, "code": code, "document": msgspec.json.encode(document).decode(), "status": RuleStatus.DRAFT.value,
                "made_by": made_by, "made_at": at,
            },
        )  # fmt: skip
        return self._records()[0]

    def find(self, legal_entity: str, code: str, version: int) -> RuleRecord | None:
        self._cursor.execute(f"select {_COLUMNS} from rule_version where legal_entity = %s and code = %s and version = %s", (legal_entity, code, version))
        return next(iter(self._records()), None)

    def save(self, record: RuleRecord) -> None:
        self._cursor.execute(
            "update rule_version set status = %s, checked_by = %s, checked_at = %s, stopped_on = %s where rule_no = %s",
            (record.status.value, record.checked_by, record.checked_at, record.stopped_on, record.rule_no),
        )

    def list_page(self, legal_entity: str, wanted: WantedRules, after: tuple[str, int] | None, limit: int) -> list[RuleRecord]:
        values = {
            "legal_entity": legal_entity, "code": wanted.code, "status": wanted.status and wanted.status.value,
            "rule_nos": None if wanted.rule_nos is None else list(wanted.rule_nos), "after": after or ("", 0), "limit": limit,
        }  # fmt: skip
        self._cursor.execute(_LIST, values)
        return self._records()

    def list_in_force(self, legal_entity: str) -> list[RuleRecord]:
        self._cursor.execute(
            f"select {_COLUMNS} from rule_version where legal_entity = %s and status = any(%s) order by rule_no",
            (legal_entity, [status.value for status in IN_FORCE]),
        )
        return self._records()

    def publish(self, legal_entity: str, members: Sequence[RuleRecord], at: datetime) -> int:
        listed = msgspec.json.encode([[member.rule_no, member.stopped_on] for member in members]).decode()
        numbers = [member.rule_no for member in members]
        self._cursor.execute(BOUND, (legal_entity, [status.value for status in CAMPAIGNS_IN_FORCE], numbers))
        bound = self._cursor.fetchone()
        assert bound is not None
        campaigns = msgspec.json.encode(bound[0]).decode()
        self._cursor.execute(
            "insert into rule_set (legal_entity, members, campaigns, made_at) values (%s, %s, %s, %s) returning number", (legal_entity, listed, campaigns, at)
        )
        row = self._cursor.fetchone()
        assert row is not None
        number: int = row[0]
        return number

    def _records(self) -> list[RuleRecord]:
        return [
            RuleRecord(
                rule_no=rule_no,
                legal_entity=legal_entity,
                code=code,
                version=version,
                document=document,
                status=RuleStatus(status),
                made_by=made_by,
                made_at=made_at,
                checked_by=checked_by,
                checked_at=checked_at,
                stopped_on=stopped_on,
            )
            for rule_no, legal_entity, code, version, document, status, made_by, made_at, checked_by, checked_at, stopped_on in self._cursor.fetchall()
        ]
