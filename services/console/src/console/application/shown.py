"""How the console shows what it keeps: the same in answers and in the audit trail."""

from typing import Any

from console.domain.access import Role
from console.domain.approvals import Approval
from console.domain.institutions import Institution
from console.domain.jobs import Run
from console.domain.operators import Operator


def show_operator(operator: Operator) -> dict[str, Any]:
    """Show an operator, never a password's hash."""
    return {
        "operator": operator.operator,
        "name": operator.name,
        "institution": operator.institution,
        "roles": operator.roles,
        "status": operator.status,
        "failed_sign_ins": operator.failed_sign_ins,
        "last_signed_in_at": operator.last_signed_in_at,
        "created_at": operator.created_at,
    }


def show_role(role: Role) -> dict[str, Any]:
    """Show a role."""
    return {"code": role.code, "names": role.names, "functions": role.functions, "scope": role.scope}


def show_institution(institution: Institution, path: tuple[str, ...]) -> dict[str, Any]:
    """Show an institution and where it stands: `path` from the root, itself included."""
    return {
        "institution": institution.institution,
        "parent": institution.parent,
        "names": institution.names,
        "level": institution.level,
        "status": institution.status,
        "cost_centre": institution.cost_centre,
        "depth": len(path) - 1,
        "path": path,
    }


def show_approval(approval: Approval) -> dict[str, Any]:
    """Show a request with its difference."""
    return {
        "approval_id": approval.approval_id,
        "kind": approval.kind,
        "subject": approval.subject,
        "before": approval.before,
        "after": approval.after,
        "reason": approval.reason,
        "status": approval.status,
        "made_by": approval.made_by,
        "made_at": approval.made_at,
        "decided_by": approval.decided_by,
        "decided_at": approval.decided_at,
        "remark": approval.remark,
    }


def show_run(run: Run) -> dict[str, Any]:
    """Show a run of a job."""
    return {
        "run_id": run.run_id,
        "job": run.job,
        "service": run.service,
        "on": run.on,
        "status": run.status,
        "detail": run.detail,
        "attempts": run.attempts,
        "started_by": run.started_by,
        "started_how": run.started_how,
        "asked_at": run.asked_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "next_attempt_at": run.next_attempt_at,
    }
