"""Which events of a batch are decided at all: those of an entity we know, not older than it keeps its business keys."""

from calendar import isleap
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final, TypeVar

from accrual.application.facts import Fresh
from accrual.domain.decide import local_time
from loyalty_shared.contracts.core import BalanceClosedV1, BehaviourOccurredV1, TransactionPostedV1
from loyalty_shared.kernel.money import CURRENCIES
from loyalty_shared.messaging.records import Batch
from loyalty_shared.messaging.subscriptions import Refusal
from loyalty_shared.persistence.dead_letters import Fault, Rejected
from loyalty_shared.persistence.entity_dates import Entity

Dated = TypeVar("Dated", BehaviourOccurredV1, BalanceClosedV1)
Sourced = TypeVar("Sourced", TransactionPostedV1, BehaviourOccurredV1, BalanceClosedV1)

#: The outcome of an event whose business key was here before with the same content, in metrics.
REPEATED: Final = "repeated"


#: Years of instants that can be turned into any zone's date, and are no typing error.
_YEARS: Final = range(1900, 9000)


def refuse_unfit(event: TransactionPostedV1) -> Refusal | None:
    """Refuse what decodes and still is no transaction: a currency that ISO 4217 does not have, a time outside the calendar."""
    if event.currency not in CURRENCIES:
        return _unknown_currency(event.currency)
    return None if event.transaction_at.year in _YEARS else _outside_calendar("transaction_at", event.transaction_at.year)


def refuse_unfit_behaviour(event: BehaviourOccurredV1) -> Refusal | None:
    """Refuse a behaviour of a time outside the calendar."""
    return None if event.occurred_at.year in _YEARS else _outside_calendar("occurred_at", event.occurred_at.year)


def refuse_unfit_balance(event: BalanceClosedV1) -> Refusal | None:
    """Refuse a balance in a currency that ISO 4217 does not have, or of a day outside the calendar."""
    if event.currency not in CURRENCIES:
        return _unknown_currency(event.currency)
    return None if event.balance_on.year in _YEARS else _outside_calendar("balance_on", event.balance_on.year)


def _unknown_currency(currency: str) -> Refusal:
    return Refusal(fault=Fault.UNKNOWN_CURRENCY, detail=f"currency: {currency!r} is not an ISO 4217 code; correct it upstream and send the event again")


def _outside_calendar(field: str, year: int) -> Refusal:
    detail = f"{field}: the year {year} is not from {_YEARS[0]} to {_YEARS[-1]}; correct it upstream and send the event again"
    return Refusal(fault=Fault.INVALID_FIELD, detail=detail)


def kept_from(entity: Entity) -> date:
    """Return the earliest transaction date the entity still takes: its business date less its retention. A 29 February that is not becomes 28."""
    on = entity.business_on
    year = on.year - entity.retention_years
    return date(year, 2, 28) if (on.month, on.day) == (2, 29) and not isleap(year) else on.replace(year=year)


def admit(batch: Batch[TransactionPostedV1], entities: Mapping[str, Entity]) -> tuple[list[Fresh], list[Rejected]]:
    """Return the events to decide, numbered from 0, and all that this stretch of the partition sets aside."""
    admitted: list[Fresh] = []
    rejected = list(batch.rejected)
    oldest = {code: kept_from(entity) for code, entity in entities.items()}
    for index, event in enumerate(batch.events):
        entity = entities.get(event.legal_entity)
        if entity is None:
            rejected.append(_reject(batch, index, event, Fault.UNKNOWN_ENTITY, _unknown(event.legal_entity)))
            continue
        local = local_time(event, entity.zone)
        if local.date() < oldest[event.legal_entity]:
            rejected.append(_reject(batch, index, event, Fault.TOO_OLD, _too_old("transaction_at", local.date(), entity)))
            continue
        admitted.append(Fresh(len(admitted), event, local, batch.traceparents[index], index))
    return admitted, rejected


def admit_dated(
    batch: Batch[Dated], entities: Mapping[str, Entity], *, field: str, date_of: Callable[[Dated, Entity], date]
) -> tuple[list[int], list[Rejected]]:
    """Return the indexes of the behaviours or balances to take, and all that this stretch of the partition sets aside. `field`: where their date stands."""
    admitted: list[int] = []
    rejected = list(batch.rejected)
    for index, event in enumerate(batch.events):
        entity = entities.get(event.legal_entity)
        if entity is None:
            rejected.append(_reject(batch, index, event, Fault.UNKNOWN_ENTITY, _unknown(event.legal_entity)))
        elif (on := date_of(event, entity)) < kept_from(entity):
            rejected.append(_reject(batch, index, event, Fault.TOO_OLD, _too_old(field, on, entity)))
        else:
            admitted.append(index)
    return admitted, rejected


def reject_repeated_keys(batch: Batch[Dated], conflicts: Sequence[int], fields: str) -> list[Rejected]:
    """Return the behaviours or balances (by index) whose business key, made of `fields`, was here before with other content, as records set aside."""
    detail = f"{fields}: this business key was used before with other content; nothing was changed. Compare the two upstream"
    return [_reject(batch, index, batch.events[index], Fault.CONFLICTING_CONTENT, detail) for index in conflicts]


def reject_conflicts(batch: Batch[TransactionPostedV1], admitted: Sequence[Fresh], conflicts: Sequence[int]) -> list[Rejected]:
    """Return the events whose business key was here before with other content, as records set aside."""
    detail = "transaction_no, leg: this business key was used before with other content; nothing was changed. A correction needs a number of its own"
    return [_reject(batch, one.index, one.event, Fault.CONFLICTING_CONTENT, detail) for one in (admitted[position] for position in conflicts)]


def _unknown(legal_entity: str) -> str:
    return f"legal_entity: {legal_entity!r} is not known here; open it at the console, then retry this dead letter"


def _too_old(field: str, on: date, entity: Entity) -> str:
    return f"{field}: {on} is before {kept_from(entity)}, where the entity's retention of {entity.retention_years} years begins"


def _reject(batch: Batch[Sourced], index: int, event: Sourced, fault: Fault, detail: str) -> Rejected:
    return batch.reject(index, fault, detail, legal_entity=event.legal_entity, source_system=event.source_system)
