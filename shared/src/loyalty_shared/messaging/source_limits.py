"""How many bad records a source may send: past a limit its records are kept in order and not taken, while the others go on."""

from dataclasses import dataclass, replace
from typing import Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.messaging.records import SourceTally
from loyalty_shared.messaging.taking import RECENT_RECORDS

#: Bad records of one source in a row after which it is stopped.
CONSECUTIVE_BAD_MAX: Final = 500
#: Or this share of its last records, asked once RECENT_RECORDS of them have been seen.
BAD_SHARE_MAX: Final = 0.5

Source = tuple[str, str]  # legal entity, source system


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """A source that sent something bad lately."""

    consecutive: int = 0
    recent: int = 0
    recent_bad: int = 0
    stopped: bool = False


def list_source_states(cursor: Cursor, group: str) -> dict[Source, SourceState]:
    """Return the sources that a group has had bad records from lately; all others are in good standing."""
    cursor.execute(
        "select legal_entity, source_system, consecutive, recent, recent_bad, stopped_at is not null from source_state where consumer_group = %s", (group,)
    )
    return {
        (entity, source): SourceState(consecutive=consecutive, recent=recent, recent_bad=bad, stopped=stopped)
        for entity, source, consecutive, recent, bad, stopped in cursor.fetchall()
    }


class SourceLimits:
    """The standing of a group's sources while it decodes: what the database holds, plus what the batches since have added.

    A good source costs nothing: `troubled` is empty then, and the decoder asks no further.
    """

    def __init__(self, stored: dict[Source, SourceState]) -> None:
        self.troubled = stored
        self._tallies: dict[Source, SourceTally] = {}

    def is_stopped(self, source: Source) -> bool:
        state = self.troubled.get(source)
        return state is not None and state.stopped

    def count_good(self, source: Source) -> None:
        """Count a good record of a troubled source."""
        state = self.troubled[source]
        self.troubled[source] = replace(state, consecutive=0, recent=state.recent + 1)
        tally = self._tally(source)
        self._tallies[source] = replace(tally, good=tally.good + 1, trailing_bad=0)

    def count_bad(self, source: Source) -> None:
        """Count a bad record; it may be the one by which the source is stopped."""
        state = self.troubled.get(source, SourceState())
        state = replace(state, consecutive=state.consecutive + 1, recent=state.recent + 1, recent_bad=state.recent_bad + 1)
        stopped = state.consecutive >= CONSECUTIVE_BAD_MAX or (state.recent >= RECENT_RECORDS and state.recent_bad > BAD_SHARE_MAX * state.recent)
        self.troubled[source] = replace(state, stopped=stopped)
        tally = self._tally(source)
        self._tallies[source] = replace(tally, bad=tally.bad + 1, trailing_bad=tally.trailing_bad + 1, stopped=stopped)

    def take_tallies(self) -> tuple[SourceTally, ...]:
        """Return what was counted since the last call: what this batch adds to the stored state."""
        tallies, self._tallies = tuple(self._tallies.values()), {}
        for tally in tallies:
            self._let_old_fade((tally.legal_entity, tally.source_system))
        return tallies

    def _tally(self, source: Source) -> SourceTally:
        return self._tallies.get(source) or SourceTally(legal_entity=source[0], source_system=source[1], good=0, bad=0, trailing_bad=0, stopped=False)

    def _let_old_fade(self, source: Source) -> None:
        """Halve the counts once there are twice RECENT_RECORDS of them, and forget a source without fault, as the statement that stores the tally does."""
        state = self.troubled[source]
        if state.recent >= 2 * RECENT_RECORDS:
            state = replace(state, recent=state.recent // 2, recent_bad=state.recent_bad // 2)
            self.troubled[source] = state
        if state.consecutive == 0 and state.recent_bad == 0 and not state.stopped:
            del self.troubled[source]
