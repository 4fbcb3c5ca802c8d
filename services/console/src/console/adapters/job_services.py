"""Jobs done by the services over HTTP, with the console's own token."""

from collections.abc import Callable, Mapping
from datetime import date
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import httpx

from console.domain.jobs import Failed, NotYet, Outcome, Performed, Run
from loyalty_shared.observability.tracing import current_traceparent
from loyalty_shared.service import TryAgain

CONNECT_TIMEOUT_SECONDS: Final = 3.0
#: The longest a job may take; the run's lease is renewed meanwhile.
JOB_TIMEOUT_SECONDS: Final = 3_600.0
DETAIL_LENGTH_MAX: Final = 500

#: Does a job of the console's own; raises TryAgain.
OwnJob = Callable[[str, date], str]


class HttpJobs:
    """The services by name, each with its base URL, and the console's own jobs. No call is made inside a transaction."""

    def __init__(self, urls: Mapping[str, str], token: str, own: Mapping[str, OwnJob]) -> None:
        self._urls = urls
        self._own = own
        self._token = token
        timeout = httpx.Timeout(JOB_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)
        self._client = httpx.Client(timeout=timeout, trust_env=False)  # services are neighbours, not behind a proxy

    def __call__(self, run: Run) -> Outcome:
        """Have the run's job done. The run's own key makes a repeat give the first answer."""
        if run.job in self._own:
            return self._done_here(self._own[run.job], run)
        url = self._urls.get(run.service)
        if url is None:
            return Failed(f"the console is not told where {run.service} is")
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": f"job-run-{run.run_id}", "traceparent": current_traceparent() or ""}
        address = f"{url.rstrip('/')}/v1/entities/{quote(run.legal_entity, safe='')}/jobs/{run.job}/runs"
        try:
            return _outcome_of(run.service, self._client.post(address, json={"on": run.on.isoformat()}, headers=headers))
        except httpx.TransportError as error:
            return NotYet(f"{run.service} does not answer: {type(error).__name__}")

    def _done_here(self, job: OwnJob, run: Run) -> Outcome:
        try:
            return Performed(job(run.legal_entity, run.on))
        except TryAgain as error:
            return NotYet(str(error))


def _outcome_of(service: str, answer: httpx.Response) -> Outcome:
    try:
        body: Any = answer.json()
        if answer.is_success:
            return Performed(str(body["detail"])[:DETAIL_LENGTH_MAX])
        faults = "; ".join(str(reason["fault"]) for reason in body["reasons"])
        detail = f"{service}: {body['code']}{': ' if faults else ''}{faults}"[:DETAIL_LENGTH_MAX]
        # A service that has just started may not have heard of the console's credential or of the entity yet.
        waits = body["retryable"] or answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) or body["code"] == "entity-unknown"
        return NotYet(detail) if waits else Failed(detail)
    except (ValueError, KeyError, TypeError):  # something between us answered, not the service
        return NotYet(f"{service}: answered {answer.status_code} and no problem of ours")
