"""Show rules and their versions."""

from dataclasses import dataclass

from accrual.application.ports import BeginUnitOfWork, UnitOfWork
from accrual.application.rule_changes import version_of
from accrual.application.rule_records import RuleRecord, RuleStatus, WantedRules
from accrual.domain.standing import Standing, standings_on

#: A version with where it stands on the entity's business date; None: it was never approved.
Shown = tuple[RuleRecord, Standing | None]


@dataclass(frozen=True, slots=True)
class ShowRules:
    """Reads rules as they stand."""

    begin: BeginUnitOfWork

    def find(self, legal_entity: str, code: str, version: int) -> Shown | None:
        """Return one version, or None. Raises UnknownEntity."""
        with self.begin() as work:
            standings = _standings(work, legal_entity)
            record = work.rule_versions.find(legal_entity, code, version)
            return None if record is None else (record, standings.get(record.rule_no))

    def list_page(self, legal_entity: str, code: str | None, status: RuleStatus | Standing | None, after: tuple[str, int] | None, limit: int) -> list[Shown]:
        """Return versions by code and version, after the given one: those of a code, of a status, or of a standing. Raises UnknownEntity."""
        with self.begin() as work:
            standings = _standings(work, legal_entity)
            rule_nos = tuple(number for number, standing in standings.items() if standing is status) if isinstance(status, Standing) else None
            wanted = WantedRules(code=code, status=status if isinstance(status, RuleStatus) else None, rule_nos=rule_nos)
            return [(record, standings.get(record.rule_no)) for record in work.rule_versions.list_page(legal_entity, wanted, after, limit)]


def _standings(work: UnitOfWork, legal_entity: str) -> dict[int, Standing]:
    entity = work.entities.get(legal_entity)
    return standings_on(map(version_of, work.rule_versions.list_in_force(legal_entity)), entity.business_on)
