"""The calls by entity that every service has alike: its business date, and the records that could not be taken."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.observability.logs import logger
from loyalty_shared.persistence import dead_letters
from loyalty_shared.persistence.connections import Database, is_transient
from loyalty_shared.persistence.dead_letters import DeadLetter, Fault, Rejected, Status
from loyalty_shared.persistence.entity_dates import UnknownEntity, find_entity
from loyalty_shared.persistence.offsets import Fenced
from loyalty_shared.web.answers import json_response, respond
from loyalty_shared.web.credentials import Caller, Function, Write, reads, writes
from loyalty_shared.web.idempotency import Answer, Answers
from loyalty_shared.web.pagination import Page, pages
from loyalty_shared.web.problems import Problem

_log = logger(__name__)

#: Takes a dead letter's record again, in a transaction of its own: None when it was taken (then the letter is closed), else why it was refused again.
#: Raises Fenced when it was taken already.
RetryDeadLetter = Callable[[DeadLetter], Rejected | None]

STILL_FAILING: Final = "still-failing"
_REFUSALS: Final = {STILL_FAILING: Problem(STILL_FAILING, HTTPStatus.CONFLICT, "The record was refused again")}


def business_date_router(database: Database) -> APIRouter:
    """Return the route that tells the business date this service works under."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}", tags=["business date"])

    @router.get("/business-date")
    def get_business_date(legal_entity: str, caller: Annotated[Caller, reads()]) -> Response:
        """Show the entity's business date as this service has it."""
        with database.transaction() as cursor:
            entity = find_entity(cursor, legal_entity)
        if entity is None:
            raise UnknownEntity(legal_entity)
        return json_response({"business_on": entity.business_on})

    return router


def dead_letter_router(database: Database, clock: Clock, retry_dead_letter: RetryDeadLetter) -> APIRouter:
    """Return the routes by which operators see what was set aside, and have it taken again."""
    router = APIRouter(prefix="/v1/entities/{legal_entity}/dead-letters", tags=["dead letters"])

    @router.get("")
    def list_dead_letters(legal_entity: str, page: Annotated[Page, pages(int, int)], caller: Annotated[Caller, reads(Function.ADMIN)]) -> Response:
        """List the records set aside and not taken since, oldest first; also those whose entity could not be read."""
        with database.transaction() as cursor:
            letters = dead_letters.list_open(cursor, legal_entity, after=page.after or (0, -1), limit=page.fetch)
        return json_response(page.answer(letters, key_of=_place, show=_shown))

    @router.post("/{letter_id}/retry")
    def retry(legal_entity: str, letter_id: str, call: Annotated[Write, writes(Function.ADMIN)]) -> Response:
        """Have the record taken again, after what was wrong has been put right: 409 `still-failing` says what still is."""
        # Two transactions: the record's own, in between, closes the letter with its effect. A crash there is harmless: a closed letter answers as taken.
        with database.transaction() as cursor:
            earlier = Answers(cursor).find(call.idempotency)
            letter = None if earlier else dead_letters.find_for_update(cursor, legal_entity, letter_id)
        if earlier is not None:
            return respond(earlier, _REFUSALS)
        answer = _retried(letter, retry_dead_letter)
        with database.transaction() as cursor:
            answers = Answers(cursor)
            return respond(answers.find(call.idempotency) or answers.keep(call.idempotency, answer, clock.now()), _REFUSALS)

    return router


def _retried(letter: DeadLetter | None, retry_dead_letter: RetryDeadLetter) -> Answer:
    if letter is None:
        return Answer({"reasons": [{"path": "path.letter_id", "fault": "no such dead letter", "remedy": "GET dead-letters lists them."}]}, "not-found")
    fault = None if letter.status is Status.RETRIED else _taken_again(letter, retry_dead_letter)
    if fault is None:
        return Answer({"id": letter.letter_id, "status": Status.RETRIED})
    return Answer({"reasons": [{"path": letter.letter_id, "fault": fault, "remedy": "Put that right first, then retry under a new key."}]}, STILL_FAILING)


def _taken_again(letter: DeadLetter, retry_dead_letter: RetryDeadLetter) -> str | None:
    """Return None when the record was taken, by this call or by another at the same time, else what is still wrong."""
    try:
        refused = retry_dead_letter(letter)
    except Fenced:
        return None
    except Exception as error:
        if is_transient(error):
            raise
        _log.error("dead-letter-failed-again", letter_id=letter.letter_id, group=letter.group, exc_info=error)
        return f"{Fault.FAILED_TO_PROCESS}: {type(error).__name__}; the log has more under this request id"
    return f"{refused.fault}: {refused.detail}" if refused else None


def _place(letter: DeadLetter) -> tuple[int, int]:
    place = dead_letters.place_of(letter.letter_id)
    assert place is not None
    return place


def _shown(letter: DeadLetter) -> dict[str, Any]:
    """Show everything but the record's content, which may hold personal data; the dead-letter topic has it."""
    record = letter.rejected
    return {
        "id": letter.letter_id,
        "group": letter.group,
        "reason": record.fault,
        "detail": record.detail,
        "source_system": record.source_system,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "status": letter.status,
        "set_aside_at": letter.set_aside_at,
    }
