"""Show rules and their versions."""

from dataclasses import dataclass

from accrual.application.ports import BeginUnitOfWork
from accrual.application.rule_records import RuleRecord


@dataclass(frozen=True, slots=True)
class ShowRules:
    """Reads rules as they stand."""

    begin: BeginUnitOfWork

    def find(self, legal_entity: str, code: str, version: int) -> RuleRecord | None:
        """Return one version, or None. Raises UnknownEntity."""
        with self.begin() as work:
            work.entities.get(legal_entity)
            return work.rule_versions.find(legal_entity, code, version)

    def list_page(self, legal_entity: str, after: tuple[str, int] | None, limit: int) -> list[RuleRecord]:
        """Return versions by code and version, after the given one. Raises UnknownEntity."""
        with self.begin() as work:
            work.entities.get(legal_entity)
            return work.rule_versions.list_page(legal_entity, after, limit)
