"""Use case: do the next run of a job that is due."""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from dataclasses import dataclass, replace
from typing import Final, Protocol, assert_never

from console.application.ports import BeginUnitOfWork
from console.domain.jobs import LEASE_LASTS, Failed, NotYet, Outcome, Performed, Run, RunStatus, next_attempt_at
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.connections import is_transient

#: Two may fail before the lease ends.
RENEW_EVERY: Final = LEASE_LASTS / 3


class PerformJob(Protocol):
    """Has the service do the job. Done twice for a date it changes nothing."""

    def __call__(self, run: Run) -> Outcome: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformRun:
    """Claims a run with a lease, has the service do it outside any transaction, and writes what came of it.

    When this process dies, the lease ends and another takes the run up. What cannot be done yet is tried again, with a limit.
    """

    begin: BeginUnitOfWork
    clock: Clock
    perform: PerformJob
    owner: str

    def __call__(self) -> Run | None:
        """Return the run as it is after the attempt; None when nothing was due, or another took it up meanwhile."""
        with self.begin() as work:
            run = work.runs.claim(self.owner, self.clock.now())
        if run is None:
            return None
        outcome = self._held(run)
        now = self.clock.now()
        again_at = None
        match outcome:
            case Performed(detail):
                status = RunStatus.DONE
            case Failed(detail):
                status = RunStatus.FAILED
            case NotYet(detail):
                again_at = next_attempt_at(run.attempts, now)
                status = RunStatus.QUEUED if again_at else RunStatus.FAILED
            case never:
                assert_never(never)
        with self.begin() as work:
            is_ours = work.runs.finish(run, self.owner, status, detail, now, again_at)
        return replace(run, status=status, detail=detail) if is_ours else None

    def _held(self, run: Run) -> Outcome:
        """Do the run and renew its lease meanwhile: a job may take as long as it needs."""
        with ThreadPoolExecutor(1, thread_name_prefix="job") as thread:
            doing = thread.submit(self.perform, run)
            while True:
                try:
                    return doing.result(timeout=RENEW_EVERY.total_seconds())
                except StillRunning:
                    self._renew(run)

    def _renew(self, run: Run) -> None:
        try:
            with self.begin() as work:
                work.runs.renew(run, self.owner, self.clock.now())
        except Exception as error:
            # The lease lasts for three of these: the job goes on, and the next one may find the database well again.
            if not is_transient(error):
                raise
