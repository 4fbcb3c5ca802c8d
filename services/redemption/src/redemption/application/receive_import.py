"""Receive a file of points that customers had in another system: read it whole, convert its lines, and show what would come of it."""

import hashlib
from dataclasses import dataclass

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.persistence.entity_dates import Entity
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import refused
from redemption.application.import_ports import KeptImport
from redemption.application.import_shown import shown_with_report
from redemption.application.online_ports import NewId
from redemption.application.staff_calls import StaffCall, answer_once
from redemption.application.staff_ports import BeginStaffWork, StaffWork
from redemption.domain.importing import Conversion, ImportStatus, read_import_file
from redemption.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """What a maker asks to import. `trial`: only to see what would come of it."""

    content: str
    source: str
    point_type: str
    conversion: Conversion
    trial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveImport:
    """Keeps a maker's file with its lines converted; nothing moves until a checker approves it, and of a trial nothing ever does.

    Bad lines are set aside. A file that is bad as a whole is not kept. The same file is not taken a second time, unless it was on trial or rejected.
    """

    begin: BeginStaffWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: StaffCall, asked: Importing) -> Answer:
        """Return the import with its report, pending or on trial; or `point-type-unknown`, `invalid-file`, `file-already-received`."""

        def receive(work: StaffWork, entity: Entity) -> Answer:
            if asked.point_type not in work.find_point_types(call.legal_entity, entity.business_on):
                return refused(Refusal.POINT_TYPE_UNKNOWN)
            read = read_import_file(asked.content, call.legal_entity, asked.conversion, entity.business_on)
            if isinstance(read, str):
                return Answer({"reasons": [{"path": "body.content", "fault": read, "remedy": "Mend the file and send it again."}]}, Refusal.INVALID_FILE)
            kept = KeptImport(
                import_id=self.new_id(),
                source=asked.source,
                file_no=read.file_no,
                content_sha256=hashlib.sha256(asked.content.encode()).digest(),
                made_on=read.made_on,
                point_type=asked.point_type,
                conversion=asked.conversion,
                status=ImportStatus.TRIAL if asked.trial else ImportStatus.PENDING,
                lines=len(read.lines),
                old_points=read.old_points,
                made_by=call.credential,
                made_at=self.clock.now(),
            )
            if not work.imports.add(call.legal_entity, kept, read.lines):
                return refused(Refusal.FILE_ALREADY_RECEIVED)
            return Answer(shown_with_report(kept, work.imports.sums(call.legal_entity, kept)))

        return answer_once(self.begin, self.clock, call, receive)
