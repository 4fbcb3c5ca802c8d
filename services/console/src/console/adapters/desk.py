"""Parameters, approvals and the audit trail, over one transaction's cursor."""

from datetime import date, datetime
from typing import Any, Final

import msgspec
from psycopg2.extensions import cursor as Cursor

from console.domain.approvals import Approval, ApprovalStatus, Kind
from console.domain.audit import CHAIN_START, AuditRecord, By, Deed, chained
from console.domain.parameters import ParameterVersion, VersionStatus

_VERSIONS: Final = "select name, version, value, effective_on, status from parameter_version"
_HOLD_PARAMETER: Final = "select pg_advisory_xact_lock(7102, hashtext(%s))"
_ADD_VERSION: Final = """
insert into parameter_version (legal_entity, name, version, value, effective_on, status, approval_no)
select %s, %s, coalesce(max(version), 0) + 1, %s, %s, 'pending', %s from parameter_version where legal_entity = %s and name = %s
returning name, version, value, effective_on, status
"""
_DECIDE_VERSION: Final = """
update parameter_version set status = %s where legal_entity = %s and approval_no = %s returning name, version, value, effective_on, status
"""
APPROVAL_COLUMNS: Final = "legal_entity, approval_no, kind, subject, before, after, reason, status, made_by, made_at, decided_by, decided_at, remark"
_ADD_APPROVAL: Final = f"""
insert into approval (legal_entity, kind, subject, before, after, reason, status, made_by, made_at)
values (%s, %s, %s, %s, %s, %s, 'pending', %s, %s) returning {APPROVAL_COLUMNS}
"""
_SAVE_APPROVAL: Final = "update approval set status = %s, decided_by = %s, decided_at = %s, remark = %s where approval_no = %s"
_FIRST_HEAD: Final = "insert into audit_head (legal_entity, number, sha256) values (%s, 0, %s) on conflict do nothing"
_HEAD: Final = "select number, sha256 from audit_head where legal_entity = %s for update"
AUDIT_COLUMNS: Final = "legal_entity, number, at, who, action, subject, before, after, address, request_id, sha256"
_NOTE: Final = f"insert into audit_record ({AUDIT_COLUMNS}) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_NEXT_HEAD: Final = "update audit_head set number = %s, sha256 = %s where legal_entity = %s"


def _text_of(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class SqlParameters:
    """Every version of every parameter."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def list_versions(self, legal_entity: str, name: str) -> list[ParameterVersion]:
        self._cursor.execute(f"{_VERSIONS} where legal_entity = %s and name = %s order by version", (legal_entity, name))
        return [_version_from(row) for row in self._cursor.fetchall()]

    def add(self, legal_entity: str, name: str, value: Any, effective_on: date, approval_id: str) -> ParameterVersion:
        self._cursor.execute(_HOLD_PARAMETER, (f"{legal_entity}/{name}",))  # numbers of versions are taken one after the other
        self._cursor.execute(_ADD_VERSION, (legal_entity, name, _text_of(value), effective_on, int(approval_id), legal_entity, name))
        return _version_from(self._cursor.fetchone())

    def decide(self, legal_entity: str, approval_id: str, status: VersionStatus) -> ParameterVersion:
        self._cursor.execute(_DECIDE_VERSION, (status, legal_entity, int(approval_id)))
        return _version_from(self._cursor.fetchone())


def _version_from(row: tuple[Any, ...] | None) -> ParameterVersion:
    assert row is not None
    name, version, value, effective_on, status = row
    return ParameterVersion(name=name, version=version, value=value, effective_on=effective_on, status=VersionStatus(status))


class SqlApprovals:
    """Requests that wait for a second pair of eyes, or have had it."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, legal_entity: str, kind: Kind, subject: str, before: Any, after: Any, reason: str | None, *, by: str, at: datetime) -> Approval:
        self._cursor.execute(_ADD_APPROVAL, (legal_entity, kind, subject, _text_of(before), _text_of(after), reason, by, at))
        row = self._cursor.fetchone()
        assert row is not None
        return approval_from(row)

    def find_for_update(self, legal_entity: str, approval_id: str) -> Approval | None:
        number = number_of(approval_id)
        if number is None:
            return None
        self._cursor.execute(f"select {APPROVAL_COLUMNS} from approval where legal_entity = %s and approval_no = %s for update", (legal_entity, number))
        row = self._cursor.fetchone()
        return approval_from(row) if row else None

    def save(self, approval: Approval) -> None:
        values = (approval.status, approval.decided_by, approval.decided_at, approval.remark, int(approval.approval_id))
        self._cursor.execute(_SAVE_APPROVAL, values)


def number_of(identifier: str) -> int | None:
    """Return the row number that an identifier in a path stands for, or None when it can be none."""
    return int(identifier) if identifier.isascii() and identifier.isdecimal() and len(identifier) < 19 else None


def approval_from(row: tuple[Any, ...]) -> Approval:
    """Return the approval of a row of APPROVAL_COLUMNS."""
    legal_entity, number, kind, subject, before, after, reason, status, made_by, made_at, decided_by, decided_at, remark = row
    return Approval(
        legal_entity=legal_entity,
        approval_id=str(number),
        kind=Kind(kind),
        subject=subject,
        before=before,
        after=after,
        reason=reason,
        status=ApprovalStatus(status),
        made_by=made_by,
        made_at=made_at,
        decided_by=decided_by,
        decided_at=decided_at,
        remark=remark,
    )


class SqlAuditTrail:
    """Who did what. The head's row is locked until the transaction ends, so that the chain has one order."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def note(self, deed: Deed, by: By, at: datetime) -> None:
        self._cursor.execute(_FIRST_HEAD, (deed.legal_entity, CHAIN_START))
        self._cursor.execute(_HEAD, (deed.legal_entity,))
        row = self._cursor.fetchone()
        assert row is not None
        before, after = (None if value is None else _text_of(value) for value in (deed.before, deed.after))
        fields = (deed.legal_entity, row[0] + 1, at, by.who, deed.action, deed.subject, before, after, by.address, by.request_id)
        sha256 = chained(bytes(row[1]), audit_record_from((*fields, b"")))
        self._cursor.execute(_NOTE, (*fields, sha256))
        self._cursor.execute(_NEXT_HEAD, (row[0] + 1, sha256, deed.legal_entity))


def audit_record_from(row: tuple[Any, ...]) -> AuditRecord:
    """Return the record of a row of AUDIT_COLUMNS."""
    legal_entity, number, at, who, action, subject, before, after, address, request_id, sha256 = row
    return AuditRecord(
        legal_entity=legal_entity,
        number=number,
        at=at,
        who=who,
        action=action,
        subject=subject,
        before=before,
        after=after,
        address=address,
        request_id=request_id,
        sha256=bytes(sha256),
    )
