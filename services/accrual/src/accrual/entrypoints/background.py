"""Long work over the stored history, in a process of its own: the stream's process has no time to give away, and this one steps back for it."""

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Final

from accrual.adapters.rule_sets import RuleSets
from accrual.adapters.unit_of_work import units_of_work
from accrual.application.ports import BeginUnitOfWork
from accrual.application.run_recalculations import RunRecalculations
from accrual.application.run_simulations import RunSimulations
from loyalty_shared.kernel.clock import SystemClock
from loyalty_shared.persistence.connections import Database
from loyalty_shared.serving import Chore

LOOK_EVERY_SECONDS: Final = 0.5
#: How far the process steps back for all others of the machine.
NICENESS: Final = 10
#: A spawned process begins anew: one forked from the service would hold its threads' locks and its connections.
_CONTEXT: Final = multiprocessing.get_context("spawn")

#: Does all the work there is, on the database of this URL, and returns.
Work = Callable[[str], None]


class ProcessFailed(Exception):
    """The process ended before its work was done; what it had done is kept, and the next one goes on from there."""


class Background:
    """Keeps one process of its work alive while there is work. The process ends with the service, and never holds it up."""

    def __init__(self, name: str, database_url: str, *, is_due: Callable[[], bool], work: Work) -> None:
        self._name = name
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
            raise ProcessFailed(f"the process for {self._name} ended with {ended_with}; its log says why")
        if self._is_due():
            self._process = _CONTEXT.Process(target=self._work, args=(self._database_url,), name=self._name, daemon=True)
            self._process.start()


def run_simulations(database_url: str) -> None:
    """Carry out the simulations that run."""
    _step_back()
    with_database(database_url, lambda begin: RunSimulations(begin, SystemClock())())


def run_recalculations(database_url: str) -> None:
    """Carry out the recalculations that run."""
    _step_back()
    with_database(database_url, lambda begin: RunRecalculations(begin, SystemClock())())


def with_database(database_url: str, do: Callable[[BeginUnitOfWork], None]) -> None:
    """Do something with units of work on a database, and close it."""
    database = Database(database_url, application_name="accrual-background")
    try:
        do(units_of_work(database, RuleSets()))
    finally:
        database.close()


def _step_back() -> None:
    os.nice(NICENESS)


def background_chores(begin: BeginUnitOfWork, database: Database) -> tuple[Chore, ...]:
    """Return the chores that look whether a recalculation or simulation runs that nobody carries out."""

    def simulation_runs() -> bool:
        with begin() as work:
            return work.simulations.find_running() is not None

    def recalculation_runs() -> bool:
        with begin() as work:
            return work.recalculations.find_running() is not None

    recalculating = Background("run-recalculations", database.url, is_due=recalculation_runs, work=run_recalculations)
    simulating = Background("run-simulations", database.url, is_due=simulation_runs, work=run_simulations)
    return (
        Chore(name="run-recalculations", every_seconds=LOOK_EVERY_SECONDS, run=recalculating.look),
        Chore(name="run-simulations", every_seconds=LOOK_EVERY_SECONDS, run=simulating.look),
    )
