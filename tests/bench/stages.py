"""Time by stage, from the services' own metrics."""

from collections.abc import Iterable, Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

from nanzhu_local.endpoints import Endpoints


def stage_seconds(endpoints: Endpoints, services: Iterable[str]) -> Mapping[str, float]:
    """Return seconds on the clock that each service has spent in each stage since it was started: the sums of its histograms of seconds."""
    seconds = {}
    for name in services:
        text = httpx.get(endpoints.services[name].metrics, trust_env=False).raise_for_status().text
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name.endswith("_seconds_sum") and "http" not in sample.name and sample.value:
                    labels = " ".join(value for _, value in sorted(sample.labels.items()))
                    seconds[f"{name}: {sample.name.removesuffix('_seconds_sum').removeprefix('loyalty_')} {labels}".strip()] = sample.value
    return seconds
