"""Use cases: ask for a run of a job, schedule one, and start what its time has come for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from console.application.calls import Call, answer_once, refused
from console.application.ports import BeginUnitOfWork, UnitOfWork
from console.application.shown import show_run
from console.domain.audit import By, Deed
from console.domain.jobs import JOBS, DateOf, JobType, StartedHow
from console.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer

#: Returns the first instant after `now` that a cron expression means in a time zone; raises ValueError with the fault when it is none.
NextAt = Callable[[str, str, datetime], datetime]
BY_SCHEDULE = By(who="schedule")


def _job_unknown(name: str) -> Answer:
    return refused(Refusal.JOB_UNKNOWN, "path.name", f"no job {name}", f"There are: {', '.join(JOBS)}.")


def _date_of(work: UnitOfWork, legal_entity: str, job: JobType) -> date | None:
    """Return the date a run is for when none is asked for; None when no date has been closed yet."""
    if job.date is DateOf.LAST_CLOSED:
        return work.entities.find_last_closed_on(legal_entity)
    entity = work.entities.find(legal_entity)
    return entity.business_on if entity else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRun:
    """Queues a run of a job, started by hand. Refusals: `job-unknown`, `no-closed-date`."""

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(self, call: Call, name: str, on: date | None) -> Answer:
        now = self.clock.now()

        def decide(work: UnitOfWork) -> Answer:
            job = JOBS.get(name)
            if job is None:
                return _job_unknown(name)
            run_on = on or _date_of(work, call.legal_entity, job)
            if run_on is None:
                return refused(Refusal.NO_CLOSED_DATE, "body.on", "no date has been closed yet", "Close the day first, or name a date.")
            run = work.runs.add(call.legal_entity, name, job.service, run_on, by=call.by.who, how=StartedHow.HAND, at=now)
            deed = Deed(legal_entity=call.legal_entity, action="job.asked-for", subject=name, after={"run_id": run.run_id, "on": run_on})
            work.audit.note(deed, call.by, now)
            return Answer(show_run(run))

        return answer_once(self.begin, call.idempotency, now, decide)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleJob:
    """Gives a job the times at which it starts by itself, in the entity's zone; `cron` None: none. Refusals: `job-unknown`, `cron-invalid`."""

    begin: BeginUnitOfWork
    clock: Clock
    next_at: NextAt

    def __call__(self, call: Call, name: str, cron: str | None) -> Answer:
        now = self.clock.now()

        def decide(work: UnitOfWork) -> Answer:
            entity = work.entities.find(call.legal_entity)
            if name not in JOBS:
                return _job_unknown(name)
            if entity is None:
                return Answer({"reasons": []}, Refusal.ENTITY_UNKNOWN)
            try:
                next_at = self.next_at(cron, entity.zone, now) if cron is not None else None
            except ValueError as error:
                return refused(Refusal.CRON_INVALID, "body.cron", str(error), 'Send five fields, such as "30 2 * * *" for half past two every night.')
            work.schedules.save(call.legal_entity, name, cron, next_at)
            work.audit.note(Deed(legal_entity=call.legal_entity, action="job.scheduled", subject=name, after={"cron": cron}), call.by, now)
            return Answer({"name": name, "schedule": {"cron": cron, "next_at": next_at} if cron is not None else None})

        return answer_once(self.begin, call.idempotency, now, decide)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartDueJobs:
    """Queues a run of every job whose time has come, once, by however many consoles look. Times missed while none ran are made up for by one run."""

    begin: BeginUnitOfWork
    clock: Clock
    next_at: NextAt

    def __call__(self) -> int:
        now = self.clock.now()
        with self.begin() as work:
            due = work.schedules.list_due_for_update(now)
            for legal_entity, name, cron in due:
                entity, job = work.entities.find(legal_entity), JOBS.get(name)
                if entity is None or job is None:  # a job that this version no longer has
                    work.schedules.save(legal_entity, name, None, None)
                    continue
                work.schedules.save(legal_entity, name, cron, self.next_at(cron, entity.zone, now))
                run_on = _date_of(work, legal_entity, job)
                if run_on is not None:
                    work.runs.add(legal_entity, name, job.service, run_on, by=BY_SCHEDULE.who, how=StartedHow.TIME, at=now)
        return len(due)
