"""Receive a file of adjustments: read it whole, keep its lines, and say which are bad."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.adjustment_file_ports import FileStatus, KeptFile
from redemption.application.answering import refused
from redemption.application.online_ports import NewId
from redemption.application.staff_calls import StaffCall, answer_once
from redemption.application.staff_ports import BeginStaffWork, StaffWork
from redemption.application.staff_shown import shown_file
from redemption.domain.adjustment_file import AdjustmentFile, FileLine, Limits, LineFault, RejectedLine, read_adjustment_file
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveAdjustmentFile:
    """Keeps a maker's file; nothing moves until a checker approves it. The same file is not taken a second time, whatever its key.

    Bad lines are set aside; of an all-or-nothing file one is enough to refuse it. A file that is bad as a whole is not kept, so that it can be mended.
    """

    begin: BeginStaffWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: StaffCall, content: str, *, all_or_nothing: bool) -> Answer:
        """Return the file, pending or refused; or `invalid-file`, `file-already-received`."""

        def receive(work: StaffWork, entity: Entity) -> Answer:
            on = entity.business_on
            limits = Limits(work.find_point_types(call.legal_entity, on), work.find_adjustment_points_max(call.legal_entity, on))
            read = read_adjustment_file(content, call.legal_entity, limits)
            if isinstance(read, str):
                return Answer({"reasons": [{"path": "body.content", "fault": read, "remedy": "Mend the file and send it again."}]}, Refusal.INVALID_FILE)
            lines, rejected = _without_unknown_customers(work, call.legal_entity, read)
            file = KeptFile(
                file_id=self.new_id(),
                file_no=read.file_no,
                content_sha256=hashlib.sha256(content.encode()).digest(),
                made_on=read.made_on,
                all_or_nothing=all_or_nothing,
                status=FileStatus.REFUSED if all_or_nothing and rejected else FileStatus.PENDING,
                lines=len(lines),
                points_given=sum(line.points for line in lines if line.points > 0),
                points_taken=-sum(line.points for line in lines if line.points < 0),
                lines_rejected=len(rejected),
                made_by=call.credential,
                made_at=self.clock.now(),
            )
            return Answer(shown_file(file)) if work.files.add(call.legal_entity, file, lines, rejected) else refused(Refusal.FILE_ALREADY_RECEIVED)

        return answer_once(self.begin, self.clock, call, receive)


def _without_unknown_customers(work: StaffWork, legal_entity: str, read: AdjustmentFile) -> tuple[Sequence[FileLine], Sequence[RejectedLine]]:
    known = work.files.known_customers(legal_entity, {line.customer_no for line in read.lines})
    rejected = [*read.rejected, *(rejected_line(line, LineFault.CUSTOMER_UNKNOWN) for line in read.lines if line.customer_no not in known)]
    return [line for line in read.lines if line.customer_no in known], sorted(rejected)


def rejected_line(line: FileLine, code: LineFault | Refusal) -> RejectedLine:
    """Return a good line as one that is not posted."""
    told = f"{line.customer_no},{line.points},{line.point_type}"
    return RejectedLine(line.line_no, code.value, FAULTS[code.value], told)


#: What the refusals of good lines say.
FAULTS = {
    LineFault.CUSTOMER_UNKNOWN.value: "the customer has no account, or is not known at all",
    Refusal.INSUFFICIENT_POINTS.value: "more than was available",
    Refusal.ACCOUNT_FROZEN.value: "all of the customer's points were frozen",
    Refusal.LIMIT_EXCEEDED.value: "the balance would have been larger than 2^53-1",
    Refusal.POINT_TYPE_UNKNOWN.value: "the entity no longer had the point type",
}
