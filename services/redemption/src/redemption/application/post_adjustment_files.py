"""Post approved files of adjustments: line by line in the order of customers, some in each transaction; killed at any point, it goes on from there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loyalty_shared.contracts.accrual import Cause
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from redemption.application.adjustment_file_ports import BeginPostingWork, FileStatus, KeptFile, PostingWork
from redemption.application.credit_earned_points import AccountsChanged
from redemption.application.receive_adjustment_file import rejected_line
from redemption.domain.account import OWN_SOURCE
from redemption.domain.adjusting import adjust
from redemption.domain.adjustment_file import FileLine, RejectedLine
from redemption.domain.refusals import Refusal

#: Their accounts are locked for as long as that takes, and online calls wait for them.
LINES_PER_TRANSACTION: Final = 500


class _Refused(Exception):
    """A line of an all-or-nothing file cannot be posted, so that what was posted in this transaction is taken back with it."""

    def __init__(self, file_id: str, rejected: Sequence[RejectedLine]) -> None:
        super().__init__(file_id)
        self.file_id = file_id
        self.rejected = rejected


@dataclass(frozen=True, slots=True)
class PostAdjustmentFiles:
    """Posts what checkers have approved. How far it has come is written with the postings themselves, so no line is posted twice and none is left out.

    An all-or-nothing file is posted in one transaction, which holds all its accounts until it ends.
    """

    begin: BeginPostingWork
    clock: Clock

    def __call__(self, legal_entity: str) -> int:
        """Return how many lines were looked at."""
        done = 0
        while (looked_at := self.post_some(legal_entity)) is not None:
            done += looked_at
        return done

    def post_some(self, legal_entity: str) -> int | None:
        """Post the next lines of the oldest approved file, in one transaction; return how many, None: no file waits."""
        try:
            with self.begin() as work:
                entities = work.hold_dates((legal_entity,))
                file = work.find_approved(legal_entity) if entities else None
                if file is None:
                    return None
                return self._post_whole(work, entities[legal_entity], file) if file.all_or_nothing else self._post_next(work, entities[legal_entity], file)[0]
        except AccountsChanged:
            return 0  # one was merged meanwhile; the next look finds the account that answers for it
        except _Refused as refused:
            with self.begin() as work:
                work.hold_dates((legal_entity,))
                file = work.find_approved(legal_entity)
                if file is not None and file.file_id == refused.file_id:
                    work.end(legal_entity, file.file_id, FileStatus.REFUSED, refused.rejected, self.clock.now())
            return 0

    def _post_whole(self, work: PostingWork, entity: Entity, file: KeptFile) -> int:
        looked_at, rejected = 0, list[RejectedLine]()
        more = True
        while more:
            count, refused = self._post_next(work, entity, file)
            looked_at += count
            rejected += refused
            more = count == LINES_PER_TRANSACTION
        if rejected:
            raise _Refused(file.file_id, sorted(rejected))
        return looked_at

    def _post_next(self, work: PostingWork, entity: Entity, file: KeptFile) -> tuple[int, Sequence[RejectedLine]]:
        lines = work.list_lines(entity.legal_entity, file.file_id, LINES_PER_TRANSACTION)
        rejected = self._post_lines(work, entity, file, lines) if lines else []
        if len(lines) < LINES_PER_TRANSACTION:
            work.end(entity.legal_entity, file.file_id, FileStatus.POSTED, (), self.clock.now())
        return len(lines), rejected

    def _post_lines(self, work: PostingWork, entity: Entity, file: KeptFile, lines: Sequence[FileLine]) -> Sequence[RejectedLine]:
        legal_entity = entity.legal_entity
        keys = sorted({(legal_entity, line.customer_no) for line in lines})
        opening = {(legal_entity, line.customer_no) for line in lines if line.points > 0}
        accounts = work.load_accounts(keys, opening, {legal_entity: entity}, self.clock.now())
        at = self.clock.now()  # after the accounts were locked
        point_types = work.find_point_types(legal_entity, entity.business_on)
        rejected = []
        for line in lines:
            account, point_type = accounts.get(line.customer_no), point_types.get(line.point_type)
            if account is None:
                refusal: Refusal | None = Refusal.CUSTOMER_UNKNOWN
            elif point_type is None:
                refusal = Refusal.POINT_TYPE_UNKNOWN
            else:
                account.came_by = line.customer_no if line.customer_no != account.customer_no else None
                refusal = adjust(account, line.points, point_type, line.expires_on, cause_of_line(file.file_id, line.line_no))
            if refusal is not None:
                rejected.append(rejected_line(line, refusal))
        work.post({account.customer_no: account for account in accounts.values()}.values(), at)  # one may answer for several numbers
        work.advance(legal_entity, file.file_id, lines, rejected)
        return rejected


def cause_of_line(file_id: str, line_no: int) -> Cause:
    """Return the cause of the entries of a file's line."""
    return Cause(kind="adjustment-file", source_system=OWN_SOURCE, no=f"{file_id}:{line_no}")
