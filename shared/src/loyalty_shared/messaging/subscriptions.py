"""Who reads what: one consumer group, one topic, one use case."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from loyalty_shared.contracts.topics import Topic
from loyalty_shared.messaging.records import Batch
from loyalty_shared.persistence.dead_letters import Fault

BATCH_RECORDS_MAX: Final = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an event that decodes is set aside all the same; `detail` names the field and the fault."""

    fault: Fault
    detail: str


def source_of_event(event: Any) -> tuple[str, str]:
    """Return the (legal entity, source system) of an event, empty what it does not name: a topic of one source, an event of all entities."""
    return getattr(event, "legal_entity", ""), getattr(event, "source_system", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One consumer group on one topic.

    `use_case`: called in a thread with one partition's batch at a time; it commits everything, the group's place included, in one transaction.
    `sequenced`: a topic of ours, whose records are gapless by number. `batch_max`: most records in one batch.
    `source_of`: (entity, source system) of an event, by which bad records are limited.
    `members`: how many members of the group one process runs, each with partitions of its own: while one waits for the database, another decides.
    `patient`: its topic may wait up to a second for more to read, so that batches are large and few: what nobody waits for.
    `after`: groups of the same service that first read what is there when this one starts: facts, for what is decided with them.
    `validate`: what decoding alone cannot tell, asked of each event; None when it may pass.
    """

    group: str
    topic: Topic
    use_case: Callable[[Batch[Any]], None]
    sequenced: bool
    batch_max: int = BATCH_RECORDS_MAX
    members: int = 1
    patient: bool = False
    after: tuple[str, ...] = ()
    source_of: Callable[[Any], tuple[str, str]] = source_of_event
    validate: Callable[[Any], Refusal | None] | None = None
