"""What concerns the whole entity is done by operators who see all of it."""

from __future__ import annotations

from loyalty_shared.kernel.ids import new_id
from support.console_desk import Console, problem_of


def test_an_operator_of_one_branch_changes_nothing_for_the_whole_entity(console: Console) -> None:
    role = {"names": {"en": "Branch desk"}, "functions": ["maker", "checker", "admin"], "scope": "own-and-below"}
    assert console.put("roles/branch-desk", role).status_code == 200
    branch = {"names": {"en": "Branch"}, "parent": "HQ"}
    assert console.put("institutions/450000", branch).status_code == 200
    wei = console.operator("wei", "branch-desk", institution="450000")
    asked = console.put("parameters/cost-per-point", {"value": "0.5"}, "001:maker").json()["approval_id"]

    for path, body in (("parameters/cost-per-point", {"value": "0.6"}), ("jobs/make-reports/schedule", {"cron": "30 2 * * *"})):
        problem_of(console.put(path, body, wei), 403, "beyond-your-scope")
    for path in (f"approvals/{asked}/approve", f"approvals/{asked}/reject", "jobs/make-reports/runs"):
        problem_of(console.write(path, None, wei, key=new_id()), 403, "beyond-your-scope")

    assert console.read(f"approvals/{asked}").json()["status"] == "pending"
    assert console.read("jobs/make-reports/runs").json()["items"] == []
    assert len(console.read("approvals").json()["items"]) == 1
