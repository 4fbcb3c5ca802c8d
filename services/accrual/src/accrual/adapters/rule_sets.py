"""Rule sets by number: immutable, so compiled once and kept by the process."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from accrual.adapters.campaigns import CampaignsOfSets
from accrual.domain.rule import Rule
from accrual.domain.rule_document import rule_from_document
from accrual.domain.rule_set import RuleSet, RuleVersion

SETS_KEPT_MAX: Final = 64
NO_RULES: Final = RuleSet(0, ())

_CURRENT: Final = "select legal_entity, max(number) from rule_set where legal_entity = any(%s) group by legal_entity"
_MEMBERS: Final = """
select rule_version.rule_no, rule_version.version, rule_version.document, member ->> 1
from rule_set cross join jsonb_array_elements(members) as member join rule_version on rule_version.rule_no = (member ->> 0)::int
where rule_set.number = %s order by rule_version.rule_no
"""


class RuleSets:
    """The compiled rule sets of one process. The oldest is forgotten when there are too many."""

    def __init__(self) -> None:
        self._kept: dict[int, RuleSet] = {0: NO_RULES}
        self._campaigns = CampaignsOfSets()

    def get(self, cursor: Cursor, number: int) -> RuleSet:
        """Return a rule set, compiled; two threads that compile the same one make equals."""
        kept = self._kept.get(number)
        if kept is not None:
            return kept
        cursor.execute(_MEMBERS, (number,))
        members = [version_from(*row) for row in cursor.fetchall()]
        named = any(member.rule.campaign is not None for member in members)
        made = RuleSet(number, members, campaigns=self._campaigns.load(cursor, number) if named else {})
        if len(self._kept) >= SETS_KEPT_MAX:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[number] = made
        return made


def version_from(rule_no: int, version: int, document: Any, stopped_on: str | None) -> RuleVersion:
    """Return an approved version from its row."""
    rule = rule_from_document(document)
    assert isinstance(rule, Rule), f"rule version {rule_no} was approved and no longer fits: {rule}"
    return RuleVersion(rule_no=rule_no, version=version, rule=rule, stopped_on=None if stopped_on is None else date.fromisoformat(stopped_on))


class SqlRules:
    """The rule sets in force, over one transaction's cursor."""

    def __init__(self, cursor: Cursor, rule_sets: RuleSets) -> None:
        self._cursor = cursor
        self._rule_sets = rule_sets

    def in_force(self, legal_entities: Collection[str]) -> Mapping[str, RuleSet]:
        self._cursor.execute(_CURRENT, (list(legal_entities),))
        current = dict(self._cursor.fetchall())
        return {code: self._rule_sets.get(self._cursor, current.get(code, 0)) for code in legal_entities}

    def get(self, number: int) -> RuleSet:
        return self._rule_sets.get(self._cursor, number)
