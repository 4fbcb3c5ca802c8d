"""Long work over the stored history, in a process of its own: the stream's process has no time to give away, and this one steps back for it."""

import gc
import multiprocessing
import os
from collections.abc import Callable
from functools import partial
from multiprocessing.process import BaseProcess
from typing import Final

from accrual.adapters.rule_sets import RuleSets
from accrual.adapters.unit_of_work import units_of_work
from accrual.application.ports import BeginUnitOfWork
from accrual.application.run_recalculations import RunRecalculations
from accrual.application.run_simulations import RunSimulations
from accrual.application.simulation_records import PARTS
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.persistence.connections import Database
from loyalty_shared.serving import Chore

LOOK_EVERY_SECONDS: Final = 0.5
#: How far the process steps back for all others of the machine.
NICENESS: Final = 10
#: Objects made between two looks for cycles. A page of history is some hundred thousand, none in a cycle: to look as often as Python does by itself takes
#: as long as to decide them.
OBJECTS_PER_COLLECTION: Final = 1_000_000
#: A spawned process begins anew: one forked from the service would hold its threads' locks and its connections.
_CONTEXT: Final = multiprocessing.get_context("spawn")

#: Does all the work there is, on the database of this URL, and returns.
Work = Callable[[str], None]


class ProcessFailed(Exception):
    """The process ended before its work was done; what it had done is kept, and the next one goes on from there."""


class Background:
    """Keeps one process of its work alive while there is work. The process ends with the service, and never holds it up."""

    def __init__(self, name: str, database_url: str, *, is_due: Callable[[], bool], work: Work) -> None:
        self.name = name
        self._database_url = database_url
        self._is_due = is_due
        self._work = work
        self._process: BaseProcess | None = None

    def look(self) -> None:
        """Start the process when there is work and none runs. Raises ProcessFailed when the last one did not end well."""
        process, ended_with = self._process, None
        if process is not None:
            if process.is_alive():
                return
            process.join()
            self._process, ended_with = None, process.exitcode
        if ended_with:
            raise ProcessFailed(f"the process for {self.name} ended with {ended_with}; its log says why")
        if self._is_due():
            self._process = _CONTEXT.Process(target=self._work, args=(self._database_url,), name=self.name, daemon=True)
            self._process.start()


def run_simulations(part: int, database_url: str) -> None:
    """Carry out one part of the simulations that run."""
    _settle_in()
    with_database(database_url, lambda begin: RunSimulations(begin, SystemClock(), parts=(part,))())


def run_recalculations(database_url: str) -> None:
    """Carry out the recalculations that run."""
    _settle_in()
    with_database(database_url, lambda begin: RunRecalculations(begin, SystemClock())())


def with_database(database_url: str, do: Callable[[BeginUnitOfWork], None]) -> None:
    """Do something with units of work on a database, and close it."""
    database = Database(database_url, application_name="accrual-background")
    try:
        do(units_of_work(database, RuleSets()))
    finally:
        database.close()


def _settle_in() -> None:
    os.nice(NICENESS)
    gc.freeze()
    gc.set_threshold(OBJECTS_PER_COLLECTION)


def background_chores(begin: BeginUnitOfWork, database: Database) -> tuple[Chore, ...]:
    """Return the chores that look whether a recalculation or simulation runs that nobody carries out."""

    def simulation_runs(part: int) -> bool:
        with begin() as work:
            return work.simulations.find_running((part,)) is not None

    def recalculation_runs() -> bool:
        with begin() as work:
            return work.recalculations.find_running() is not None

    recalculating = Background("run-recalculations", database.url, is_due=recalculation_runs, work=run_recalculations)
    simulating = [
        Background(f"run-simulations-{part + 1}", database.url, is_due=partial(simulation_runs, part), work=partial(run_simulations, part))
        for part in range(PARTS)
    ]
    return (
        Chore(name="run-recalculations", every_seconds=LOOK_EVERY_SECONDS, run=recalculating.look),
        *(Chore(name=process.name, every_seconds=LOOK_EVERY_SECONDS, run=process.look) for process in simulating),
    )
