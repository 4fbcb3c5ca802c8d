"""What the overview shows, from what the services answered: figures, and the pictures as ECharts options."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

from console.adapters.service_calls import Done, Refused, Result
from console.entrypoints.pages.languages import Language

CHART_TEXT: Final = "#182433"
COLOURS: Final = ("#066fd1", "#2fb344", "#f59f00", "#d63939", "#ae3ec9", "#0ca678", "#667382")

DECIDED: Final = "loyalty_accrual_events_total"
TAKEN: Final = "loyalty_consumer_records_total"
INVARIANTS: Final = "loyalty_{service}_invariant_violations"
CREDITING: Final = "redemption.credit-earned-points"
SPENDING: Final = ("loyalty_redemption_http_requests_total", "/redemptions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one service answered to its health, consumers and metrics."""

    service: str
    health: Result
    consumers: Result
    metrics: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCard:
    """A service and how it is: `state` ready, not-ready or away; `faults` by check."""

    service: str
    state: str
    faults: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far one consumer group is behind in a topic: records not yet taken (None: Kafka does not say), and the worst state of its partitions."""

    service: str
    group: str
    topic: str
    records: int | None
    state: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """Something that must always hold of a service's books, and how often it did not when last checked."""

    service: str
    name: str
    violations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All of it. `flow`: counters by label, from which the browser works out rates; `outcomes`: events decided by outcome since accrual started."""

    services: Sequence[ServiceCard]
    lags: Sequence[Lag]
    unheard: Sequence[str]
    invariants: Sequence[Invariant]
    outcomes: Mapping[str, int]
    flow: Mapping[str, float]

    @property
    def lag_total(self) -> int:
        """Records that wait anywhere."""
        return sum(lag.records or 0 for lag in self.lags)

    @property
    def violations(self) -> int:
        """How often any invariant does not hold."""
        return sum(invariant.violations for invariant in self.invariants)

    @property
    def ready(self) -> int:
        """How many services are ready."""
        return sum(card.state == "ready" for card in self.services)


Samples = Mapping[str, Sequence[tuple[Mapping[str, str], float]]]


def overview_from(asked: Sequence[Asked], legal_entity: str) -> Overview:
    """Return what the overview shows of an entity."""
    samples = {one.service: _samples(one.metrics) for one in asked}
    ledger = samples.get("redemption", {})
    return Overview(
        services=[_card(one) for one in asked],
        lags=sorted((lag for one in asked for lag in _lags(one)), key=lambda lag: (-(lag.records or 0), lag.group, lag.topic)),
        unheard=[one.service for one in asked if isinstance(one.consumers, Refused) and one.consumers.status == HTTPStatus.UNAUTHORIZED],
        invariants=[
            Invariant(service=service, name=labels["invariant"], violations=int(value))
            for service, found in samples.items()
            for labels, value in found.get(INVARIANTS.format(service=service.replace("-", "_")), ())
            if labels["legal_entity"] == legal_entity
        ],
        outcomes={labels["outcome"]: int(value) for labels, value in samples.get("accrual", {}).get(DECIDED, ())},
        flow={
            "decided": _total(samples.get("accrual", {}).get(DECIDED, ())),
            "posted": _total(sample for sample in ledger.get(TAKEN, ()) if sample[0]["group"] == CREDITING),
            "calls": _total(sample for name, found in ledger.items() if name == SPENDING[0] for sample in found if sample[0]["route"].endswith(SPENDING[1])),
        },
    )


def _card(one: Asked) -> ServiceCard:
    if not isinstance(one.health, Done):
        return ServiceCard(service=one.service, state="away", faults={})
    checks = {check: said for check, said in one.health.body["checks"].items() if said != "ok"}
    return ServiceCard(service=one.service, state="not-ready" if checks else "ready", faults=checks)


def _lags(one: Asked) -> Iterable[Lag]:
    if not isinstance(one.consumers, Done):
        return
    rows: defaultdict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in one.consumers.body["items"]:
        rows[row["group"], row["topic"]].append(row)
    for (group, topic), partitions in rows.items():
        known = [row["end_offset"] - row["next_offset"] for row in partitions if row["end_offset"] is not None]
        worst = next((row for row in partitions if row["state"] == "stopped"), next((row for row in partitions if row["state"] != "following"), partitions[0]))
        yield Lag(
            service=one.service,
            group=group,
            topic=topic,
            records=sum(known) if len(known) == len(partitions) else None,
            state=worst["state"],
            detail=worst["detail"],
        )


def _samples(result: Result) -> Samples:
    found: defaultdict[str, list[tuple[Mapping[str, str], float]]] = defaultdict(list)
    if isinstance(result, Done):
        for family in text_string_to_metric_families(result.body):
            for sample in family.samples:
                found[sample.name].append((sample.labels, sample.value))
    return found


def _total(samples: Iterable[tuple[Mapping[str, str], float]]) -> float:
    return sum(value for _, value in samples)


def lag_chart(overview: Overview, language: Language) -> dict[str, Any]:
    """Return the picture of what waits, one bar for each group and topic, the longest on top."""
    waiting = [lag for lag in overview.lags if lag.records is not None][:12][::-1]
    return {
        **_frame(language),
        "grid": {"left": 8, "right": 40, "top": 8, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": [lag.group for lag in waiting]},
        "series": [
            {"type": "bar", "name": language.text("Records waiting"), "data": [lag.records for lag in waiting], "label": {"show": True, "position": "right"}}
        ],
    }


def hour_chart(windows: Result, language: Language) -> dict[str, Any] | None:
    """Return the picture of the last hour by the minute: transactions by outcome, and the points they gave. None: reporting does not show it."""
    if not isinstance(windows, Done):
        return None
    events: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    points: defaultdict[str, int] = defaultdict(int)
    for row in windows.body["items"]:
        events[row["outcome"]][row["minute"]] += row["transactions"]
        points[row["minute"]] += row["points"]
    bars = [
        {"type": "bar", "stack": "events", "barMaxWidth": 18, "name": language.word(outcome, "outcome"), "data": [list(one) for one in minutes.items()]}
        for outcome, minutes in sorted(events.items())
    ]
    line = {"type": "line", "name": language.text("Points"), "yAxisIndex": 1, "data": [list(one) for one in sorted(points.items())]}
    return {
        **_frame(language),
        "legend": {"bottom": 0},
        "grid": {"left": 8, "right": 8, "top": 32, "bottom": 32, "containLabel": True},
        "xAxis": {"type": "time"},
        "yAxis": [
            {"type": "value", "name": language.text("Transactions"), "nameTextStyle": {"align": "left"}, "minInterval": 1},
            {"type": "value", "name": language.text("Points"), "nameTextStyle": {"align": "right"}, "splitLine": {"show": False}, "minInterval": 1},
        ],
        "series": [*bars, line],
    }


def outcome_chart(overview: Overview, language: Language) -> dict[str, Any]:
    """Return the picture of what became of the transactions."""
    data = [{"name": language.word(outcome, "outcome"), "value": count} for outcome, count in overview.outcomes.items()]
    ring = {"type": "pie", "radius": ["45%", "72%"], "center": ["50%", "44%"], "label": {"show": False}, "data": data}
    return {**_frame(language), "legend": {"bottom": 0}, "series": [ring]}


def flow_chart(language: Language) -> dict[str, Any]:
    """Return the picture of the flow, still empty: the browser adds a point to each line whenever it has asked again."""
    lines = {"decided": language.text("Events decided"), "posted": language.text("Records posted"), "calls": language.text("Redemption calls")}
    return {
        **_frame(language),
        "legend": {"bottom": 0},
        "grid": {"left": 8, "right": 16, "top": 32, "bottom": 32, "containLabel": True},
        "xAxis": {"type": "time"},
        "yAxis": {"type": "value", "name": language.text("per second"), "minInterval": 1},
        "series": [{"type": "line", "id": key, "name": name, "showSymbol": False, "areaStyle": {"opacity": 0.1}, "data": []} for key, name in lines.items()],
    }


def _frame(language: Language) -> dict[str, Any]:
    # richText: a tip made of HTML would carry styles in line, which the pages' policy forbids.
    return {
        "color": list(COLOURS),
        "textStyle": {"color": CHART_TEXT},
        "animation": False,
        "aria": {"enabled": True},
        "tooltip": {"renderMode": "richText", "confine": True},
    }
