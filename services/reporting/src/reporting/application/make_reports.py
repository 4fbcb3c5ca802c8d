"""The reports of a closed day, made once and kept as they were."""

from dataclasses import dataclass
from datetime import date

from loyalty_shared.kernel.clock import Clock
from reporting.application.ports import BeginMaking
from reporting.application.show_report import Refused, report_from_mart, wanted_of_day
from reporting.domain.catalogue import CATALOGUE
from reporting.domain.report import document_of


@dataclass(frozen=True, slots=True)
class MakeReports:
    """Makes and keeps each report that ties to the ledger for one business date. A second run keeps nothing new. Raises UnknownEntity."""

    begin: BeginMaking
    clock: Clock

    def __call__(self, legal_entity: str, on: date) -> int | Refused:
        """Return how many reports are new or changed; or why none can be made."""
        changed = 0
        with self.begin() as work:
            for code in (definition.code for definition in CATALOGUE.values() if definition.of_ledger):
                report = report_from_mart(work, wanted_of_day(legal_entity, code, on))
                if isinstance(report, Refused):
                    return report  # the first one too: nothing was kept
                changed += work.keep(legal_entity, code, on, document_of(report), self.clock.now())
        return changed
