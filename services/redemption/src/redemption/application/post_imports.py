"""Post approved imports: line by line in the order of customers, some in each transaction; killed at any point, it goes on from there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from redemption.application.credit_earned_points import AccountsChanged
from redemption.application.import_ports import BeginImportingWork, ImportingWork, KeptImport
from redemption.domain.importing import ImportLine, LineStatus, cause_of_import, give_imported
from redemption.domain.refusals import Refusal

#: Their accounts are locked for as long as that takes, and online calls wait for them.
LINES_PER_TRANSACTION: Final = 500

#: What the refusals of good lines say.
_FAULTS: Final = {
    Refusal.LIMIT_EXCEEDED: "the balance would have been larger than 2^53-1",
    Refusal.POINT_TYPE_UNKNOWN: "the entity no longer had the point type",
}


@dataclass(frozen=True, slots=True)
class PostImports:
    """Posts what checkers have approved. What has become of a line is written with its posting itself, so no line is posted twice and none is left out."""

    begin: BeginImportingWork
    clock: Clock

    def __call__(self, legal_entity: str) -> int:
        """Return how many lines were looked at."""
        done = 0
        while (looked_at := self.post_some(legal_entity)) is not None:
            done += looked_at
        return done

    def post_some(self, legal_entity: str) -> int | None:
        """Post the next lines of the oldest approved import, in one transaction; return how many, None: no import waits."""
        try:
            with self.begin() as work:
                entities = work.hold_dates((legal_entity,))
                kept = work.find_approved(legal_entity) if entities else None
                if kept is None:
                    return None
                lines = work.list_waiting(legal_entity, kept.import_id, LINES_PER_TRANSACTION)
                if lines:
                    work.record(legal_entity, kept.import_id, self._post_lines(work, entities[legal_entity], kept, lines))
                if len(lines) < LINES_PER_TRANSACTION:
                    work.end(legal_entity, kept.import_id, self.clock.now())
                return len(lines)
        except AccountsChanged:
            return 0  # one was merged meanwhile; the next look finds the account that answers for it

    def _post_lines(self, work: ImportingWork, entity: Entity, kept: KeptImport, lines: Sequence[ImportLine]) -> Sequence[ImportLine]:
        keys = sorted({(entity.legal_entity, line.customer_no) for line in lines})
        accounts = work.load_accounts(keys, frozenset(keys), {entity.legal_entity: entity}, self.clock.now())
        at = self.clock.now()  # after the accounts were locked
        point_types = work.find_point_types(entity.legal_entity, entity.business_on)
        looked_at = []
        for line in lines:
            account = accounts[line.customer_no]
            account.came_by = line.customer_no if line.customer_no != account.customer_no else None
            given = give_imported(account, line, kept.point_type, point_types, cause_of_import(kept.source, kept.import_id, line.line_no))
            if isinstance(given, Refusal):
                looked_at.append(line._replace(new_points=0, status=LineStatus.REJECTED, code=given.value, fault=_FAULTS[given]))
            else:
                looked_at.append(line._replace(status=LineStatus.POSTED, account_no=account.customer_no, account_version=given))
        work.post({account.customer_no: account for account in accounts.values()}.values(), at)  # one may answer for several numbers
        return looked_at
