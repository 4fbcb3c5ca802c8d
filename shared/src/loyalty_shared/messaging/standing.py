"""How each consumer of this process stands, kept for who asks: readiness, `GET /v1/consumers`, the metric that pages."""

from collections.abc import Iterable
from enum import StrEnum

from loyalty_shared.messaging import metrics as declared
from loyalty_shared.observability.metrics import Metrics

PartitionOfGroup = tuple[str, str, int]  # group, topic, partition


class State(StrEnum):
    """What a consumer does with a partition."""

    FOLLOWING = "following"
    WAITING_FOR_KAFKA = "waiting-for-kafka"
    WAITING_FOR_FACTS = "waiting-for-facts"
    WAITING_FOR_DATABASE = "waiting-for-database"
    STOPPED = "stopped"  # until its cause is mended; its place is kept
    ELSEWHERE = "elsewhere"  # another process has the partition, or none


class Standing:
    """The state of groups, and of the partitions that this process follows. Written on the event loop, read from any thread."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._groups: dict[str, tuple[State, str]] = {}
        self._followed: dict[PartitionOfGroup, str | None] = {}  # why it is stopped; None: it is not

    def set_group(self, group: str, state: State, detail: str = "") -> None:
        """Say how a whole group fares in this process."""
        self._groups[group] = (state, detail)

    def follow(self, partition: PartitionOfGroup) -> None:
        """Say that this process follows a partition, and nothing stops it."""
        self._followed[partition] = None
        self._gauge(partition, 0)

    def halt(self, partition: PartitionOfGroup, reason: str) -> None:
        """Say that a partition may not be read on."""
        self._followed[partition] = reason
        self._gauge(partition, 1)

    def leave(self, partitions: Iterable[PartitionOfGroup]) -> None:
        """Forget partitions that are given to others."""
        for partition in self._followed.keys() & set(partitions):
            del self._followed[partition]
            self._metrics.gauge(declared.STOPPED).remove(*map(str, partition))

    def state_of(self, partition: PartitionOfGroup) -> tuple[State, str]:
        """Return what is done with a partition, and the reason when it is not simply followed."""
        if partition not in self._followed:
            return State.ELSEWHERE, ""
        reason = self._followed[partition]
        return self._groups.get(partition[0], (State.ELSEWHERE, "")) if reason is None else (State.STOPPED, reason)

    def waiting(self) -> list[str]:
        """Return a line for each group that waits for Kafka or for the database, empty when all go on: what readiness asks."""
        return [f"{group}: {state} {detail}".rstrip() for group, (state, detail) in sorted(self._groups.items()) if state is not State.FOLLOWING]

    def _gauge(self, partition: PartitionOfGroup, value: int) -> None:
        group, topic, number = partition
        self._metrics.gauge(declared.STOPPED).labels(group=group, topic=topic, partition=str(number)).set(value)
