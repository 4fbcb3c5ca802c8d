"""Calls under way over one transaction's cursor."""

from datetime import datetime
from typing import Final

from psycopg2.extensions import cursor as Cursor

from gift_order.application.ports import Moving
from loyalty_shared.web.idempotency import Answer, Answers, Idempotency

_FIND: Final = "select order_id, body_sha256 from call_under_way where legal_entity = %s and credential = %s and key = %s"
_BEGIN: Final = "insert into call_under_way (legal_entity, credential, key, body_sha256, order_id) values (%s, %s, %s, %s, %s)"
_END: Final = "delete from call_under_way where legal_entity = %s and order_id = %s returning credential, key, body_sha256"


class SqlCalls:
    """The calls that orders move for."""

    def __init__(self, cursor: Cursor, answers: Answers) -> None:
        self._cursor = cursor
        self._answers = answers

    def find(self, call: Idempotency) -> Answer | Moving | None:
        """Return the call's answer, or the order that moves for it; None when it is the first with its key, which is then held until the end."""
        if (answer := self._answers.find(call)) is not None:
            return answer
        self._cursor.execute(_FIND, (call.legal_entity, call.credential, call.key))
        row = self._cursor.fetchone()
        if row is None:
            return self._answers.find(call)  # again: the step that finishes a call does not hold its key, and may have done so between the two
        order_id, sha256 = row
        return Moving(order_id) if bytes(sha256) == call.body_sha256 else Answer({}, "idempotency-key-reused")

    def begin(self, call: Idempotency, order_id: str) -> None:
        """Write down that the order moves for this call."""
        self._cursor.execute(_BEGIN, (call.legal_entity, call.credential, call.key, call.body_sha256, order_id))

    def finish(self, legal_entity: str, order_id: str, answer: Answer, at: datetime) -> None:
        """Keep the answer of the call that the order moved for, if there was one."""
        self._cursor.execute(_END, (legal_entity, order_id))
        row = self._cursor.fetchone()
        if row is not None:
            credential, key, sha256 = row
            self._answers.keep(Idempotency(legal_entity, credential, key, bytes(sha256)), answer, at)
