"""Parameters, approvals, jobs and the audit trail on the pages: asked for by one operator, approved by another, and told to who looks later."""

import re

from support.eventually import eventually
from support.pages import Desk, session_of, told

PARAMETER = "expiry-notice-days"


def test_a_parameter_is_asked_for_by_one_and_approved_by_another(desk: Desk) -> None:
    with desk.http(session_of(desk, "maker")) as maker, desk.http(session_of(desk, "checker")) as checker, desk.http(session_of(desk, "admin")) as admin:
        wrong = maker.post(f"{desk.root}/parameters/{PARAMETER}", data={"value": "soon", "key": "wrong"})
        assert told(wrong) == (422, "parameter-value-invalid")
        assert told(checker.post(f"{desk.root}/parameters/{PARAMETER}", data={"value": "45", "key": "c"})) == (403, "function-not-granted")
        asked = maker.post(f"{desk.root}/parameters/{PARAMETER}", data={"value": "45", "reason": "客户来信", "key": "ask"})
        assert asked.headers["location"].endswith("/parameters?done=pending")

        shown = checker.get(f"{desk.root}/approvals").text
        assert "客户来信" in shown
        found = re.search(r'data-approval="([^"]+)"', shown)
        assert found
        own = maker.post(f"{desk.root}/approvals/{found[1]}/approve", data={"key": "own"})
        assert told(own) in ((403, "maker-cannot-approve"), (403, "function-not-granted"))
        assert found[1] in own.text  # it still waits
        assert checker.post(f"{desk.root}/approvals/{found[1]}/approve", data={"key": "yes"}).status_code == 303
        assert told(checker.post(f"{desk.root}/approvals/{found[1]}/approve", data={"key": "yes again"})) == (409, "already-decided")

        now = re.search(rf'data-parameter="{PARAMETER}".*?<strong[^>]*>([^<]*)</strong>', maker.get(f"{desk.root}/parameters").text, re.DOTALL)
        assert now
        assert now[1] == "45"
        assert PARAMETER in admin.get(f"{desk.root}/audit").text


def test_a_job_is_run_by_hand_and_its_end_is_shown(desk: Desk) -> None:
    with desk.http(session_of(desk, "admin")) as admin, desk.http(session_of(desk, "maker")) as maker:
        assert told(maker.post(f"{desk.root}/jobs/expire-points/runs", data={"key": "k"})) == (403, "function-not-granted")
        assert told(admin.post(f"{desk.root}/jobs/make-coffee/runs", data={"key": "k"})) == (404, "job-unknown")
        assert admin.post(f"{desk.root}/jobs/expire-points/runs", data={"key": "run"}).status_code == 303
        admin.cookies.set("nanzhu_language", "en")
        eventually(lambda: re.search(r'data-job="expire-points".*?Done', admin.get(f"{desk.root}/jobs").text, re.DOTALL))
