"""Use case: an administrator makes an institution, moves it, or closes it."""

from collections.abc import Mapping
from dataclasses import dataclass

from console.application.calls import Call, answer_once, refused
from console.application.end_sessions import end_sessions
from console.application.ports import BeginUnitOfWork, UnitOfWork
from console.application.shown import show_institution
from console.domain.announcements import institution_from
from console.domain.audit import Deed
from console.domain.institutions import Institution, InstitutionStatus, Level, level_at, path_of, refusal_of
from console.domain.refusals import Refusal
from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveInstitution:
    """Makes the institution so, and tells every service. When one is moved, the sessions that see only some institutions end: what they see has changed.

    Refusals: `institution-unknown` (the parent), `institution-cycle`, `institution-closed`, `institution-in-use`, `beyond-your-scope`.
    """

    begin: BeginUnitOfWork
    clock: Clock

    def __call__(
        self, call: Call, code: str, names: Mapping[str, str], parent: str | None, level: Level | None, status: InstitutionStatus, cost_centre: bool
    ) -> Answer:
        now = self.clock.now()

        def decide(work: UnitOfWork) -> Answer:
            tree = work.institutions.tree_for_update(call.legal_entity)
            before = tree.get(code)
            if (beyond := _beyond(call, code, before, parent)) is not None:
                return beyond
            depth = len(path_of(tree, parent)) if parent is not None and parent in tree else 0
            wanted = Institution(institution=code, parent=parent, names=names, level=level or level_at(depth), status=status, cost_centre=cost_centre)
            fault = refusal_of(tree, wanted, has_active_operators=work.operators.count_active_at(call.legal_entity, code) > 0)
            if fault is not None:
                return refused(
                    fault[0], "body.status" if fault[0] is Refusal.INSTITUTION_IN_USE else "body.parent", fault[1], "GET institutions shows the tree."
                )
            after = {**tree, code: wanted}
            shown = show_institution(wanted, path_of(after, code))
            if before != wanted:
                work.institutions.save(call.legal_entity, wanted)
                earlier_shown = show_institution(before, path_of(tree, code)) if before else None
                action = "institution.changed" if before else "institution.opened"
                work.audit.note(Deed(legal_entity=call.legal_entity, action=action, subject=code, before=earlier_shown, after=shown), call.by, now)
                if before is not None and before.parent != parent:
                    end_sessions(work, work.credentials.list_sessions(now, narrow_in=call.legal_entity), now)
                work.announcements.post([institution_from(call.legal_entity, wanted)], now)
            return Answer(shown)

        return answer_once(self.begin, call.idempotency, now, decide)


def _beyond(call: Call, code: str, before: Institution | None, parent: str | None) -> Answer | None:
    """Return the refusal of what a caller who sees only some institutions may not touch: another's, a root, or a place under another's."""
    if call.institutions is None:
        return None
    if before is not None and not call.reaches(code):
        return refused(Refusal.BEYOND_YOUR_SCOPE, "path.code", f"{code} is beyond yours", "Have an administrator of it do it.")
    if (before is None or before.parent != parent) and (parent is None or not call.reaches(parent)):
        return refused(Refusal.BEYOND_YOUR_SCOPE, "body.parent", f"{parent or 'a root'} is beyond yours", "Name one within your own scope.")
    return None
