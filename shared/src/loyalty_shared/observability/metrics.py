"""Metrics are declared, not made up where they are counted: one place per service, each with what it means and what to do when it moves.

EVENTS = Declared("loyalty_accrual_events_total", COUNTER, "Events decided, by outcome", "A rising `failed`: see the dead letters.", ("outcome",))
metrics = Metrics((EVENTS, ...))
metrics.counter(EVENTS).labels(outcome="accrued").inc()
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

#: Seconds. From a fast read to a call that a caller has given up on.
LATENCY_BUCKETS_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Kind(StrEnum):
    """What a metric is to Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Declared:
    """A metric: `meaning` for who reads a chart, `action` for who is woken by it. No id is ever a label. `buckets` of a histogram in its own unit."""

    name: str
    kind: Kind
    meaning: str
    action: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = LATENCY_BUCKETS_SECONDS


class Metrics:
    """The metrics of one process, in a registry of their own; all declared ones exist from the start."""

    def __init__(self, declared: Sequence[Declared]) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._made: dict[Declared, Counter | Gauge | Histogram] = {metric: self._make(metric) for metric in declared}

    def counter(self, metric: Declared) -> Counter:
        """Return the declared counter."""
        made = self._made[metric]
        assert isinstance(made, Counter)
        return made

    def gauge(self, metric: Declared) -> Gauge:
        """Return the declared gauge."""
        made = self._made[metric]
        assert isinstance(made, Gauge)
        return made

    def histogram(self, metric: Declared) -> Histogram:
        """Return the declared histogram."""
        made = self._made[metric]
        assert isinstance(made, Histogram)
        return made

    def _make(self, metric: Declared) -> Counter | Gauge | Histogram:
        match metric.kind:
            case Kind.COUNTER:
                return Counter(metric.name, metric.meaning, metric.labels, registry=self.registry)
            case Kind.GAUGE:
                return Gauge(metric.name, metric.meaning, metric.labels, registry=self.registry)
            case Kind.HISTOGRAM:
                return Histogram(metric.name, metric.meaning, metric.labels, registry=self.registry, buckets=metric.buckets)


def metrics_table(declared: Sequence[Declared]) -> str:
    """Return the Markdown table of metrics that a service's page shows."""
    rows = [f"| `{m.name}` | {m.kind} | {', '.join(f'`{label}`' for label in m.labels)} | {m.meaning} | {m.action} |" for m in declared]
    return "\n".join(["| metric | kind | labels | means | do |", "|---|---|---|---|---|", *rows])


@dataclass(frozen=True, slots=True)
class HttpMetrics:
    """The metrics every service has of its HTTP calls."""

    requests: Declared
    latency: Declared
    in_flight: Declared

    def all(self) -> tuple[Declared, ...]:
        """Return the three, to be declared with the service's own."""
        return (self.requests, self.latency, self.in_flight)


def http_metrics(service: str) -> HttpMetrics:
    """Return the declarations of a service's HTTP metrics; equal for equal names."""
    prefix = f"loyalty_{service.replace('-', '_')}_http"
    return HttpMetrics(
        requests=Declared(
            f"{prefix}_requests_total", Kind.COUNTER, "Calls answered, by route, method and status.",
            "5xx rising: read the log by request id. 4xx rising: a caller has changed; its credential is in the log.", ("route", "method", "status"),
        ),
        latency=Declared(
            f"{prefix}_request_seconds", Kind.HISTOGRAM, "How long calls took, by route and method.",
            "Rising with in_flight: the database or the processor is full; add a process, or look for a lock that is held long.", ("route", "method"),
        ),
        in_flight=Declared(f"{prefix}_in_flight", Kind.GAUGE, "Calls under way.", "Near the limit, callers get 429: add a process."),
    )  # fmt: skip
