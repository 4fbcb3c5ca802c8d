"""The services that follow the business date, asked over HTTP as the operator who looks."""

import json
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Final
from urllib.parse import quote

from loyalty_shared.observability.tracing import current_traceparent

TIMEOUT_SECONDS: Final = 2.0
#: Asked side by side: one that does not answer keeps nobody waiting longer than the time-out.
FOLLOWERS_MAX: Final = 16


class HttpFollowers:
    """Other services by name, each with its base URL."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = urls
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # services are neighbours, not behind a proxy

    def list_business_dates(self, legal_entity: str, authorization: str) -> dict[str, date | None]:
        """Return the business date that each follower works under, asked with the caller's `Authorization`.

        None for a follower that does not answer, or does not know the entity or the caller yet.
        """
        if not self._urls:
            return {}
        with ThreadPoolExecutor(min(len(self._urls), FOLLOWERS_MAX)) as threads:
            asked = {name: threads.submit(self._ask, url, legal_entity, authorization) for name, url in self._urls.items()}
        return {name: answer.result() for name, answer in asked.items()}

    def _ask(self, url: str, legal_entity: str, authorization: str) -> date | None:
        headers = {"Authorization": authorization, "traceparent": current_traceparent() or ""}
        request = urllib.request.Request(f"{url.rstrip('/')}/v1/entities/{quote(legal_entity, safe='')}/business-date", headers=headers)
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                return date.fromisoformat(json.load(response)["business_on"])
        except (OSError, ValueError, KeyError, TypeError):  # away, refusing, or answering what is no business date: it has not followed
            return None
