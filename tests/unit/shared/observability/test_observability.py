"""Declared metrics, traces carried through, logs as JSON."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog
from prometheus_client import generate_latest

from loyalty_shared.observability.logs import configure_logs, logger
from loyalty_shared.observability.metrics import Declared, Kind, Metrics, http_metrics, metrics_table
from loyalty_shared.observability.tracing import current_traceparent, enter, follow, trace_id_of

EVENTS = Declared("loyalty_test_events_total", Kind.COUNTER, "Events taken", "Look at the dead letters", ("outcome",))
LAG = Declared("loyalty_test_lag_records", Kind.GAUGE, "Records not taken yet", "Add a process")
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_metrics_exist_from_the_start_and_count() -> None:
    metrics = Metrics((EVENTS, LAG, *http_metrics("gift-order").all()))
    metrics.counter(EVENTS).labels(outcome="accrued").inc(2)
    metrics.gauge(LAG).set(7)
    shown = generate_latest(metrics.registry).decode()
    assert 'loyalty_test_events_total{outcome="accrued"} 2.0' in shown
    assert "loyalty_test_lag_records 7.0" in shown
    assert "loyalty_gift_order_http_request_seconds" in shown
    assert "process_cpu_seconds_total" in shown


def test_a_metric_that_is_not_declared_is_not_counted() -> None:
    with pytest.raises(KeyError):
        Metrics((LAG,)).counter(EVENTS)


def test_the_table_says_what_each_means_and_what_to_do() -> None:
    assert metrics_table((EVENTS,)).splitlines()[-1] == "| `loyalty_test_events_total` | counter | `outcome` | Events taken | Look at the dead letters |"


def test_a_trace_is_carried_on_with_a_span_of_its_own() -> None:
    own = follow(TRACEPARENT)
    assert trace_id_of(own) == trace_id_of(TRACEPARENT) == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert own != TRACEPARENT
    assert own.endswith("-01")
    enter(own)
    assert current_traceparent() == own


@pytest.mark.parametrize(
    "wrong", [None, "", "nonsense", TRACEPARENT.upper(), TRACEPARENT + "-x", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "01" + TRACEPARENT[2:]]
)
def test_a_trace_that_is_none_is_begun_anew(wrong: str | None) -> None:
    assert trace_id_of(wrong) is None
    begun = trace_id_of(follow(wrong))
    assert begun is not None
    assert begun != trace_id_of(follow(wrong))


def test_a_log_line_is_one_json_object_with_its_ids(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        configure_logs("accrual", "INFO")
        with structlog.contextvars.bound_contextvars(request_id="r-1"):
            logger("test").info("batch", events=3, 名="积分")
            logger("test").debug("not shown")
            logging.getLogger("some.library").warning("of a library: %s", "text")
    finally:
        root.handlers, root.level = handlers, level
        structlog.reset_defaults()
    ours, theirs = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (ours["event"], ours["events"], ours["名"], ours["request_id"], ours["service"], ours["level"]) == ("batch", 3, "积分", "r-1", "accrual", "info")
    assert (theirs["event"], theirs["level"], theirs["service"]) == ("of a library: text", "warning", "accrual")
    assert "at" in ours


def test_a_logger_that_is_kept_writes_to_standard_output_as_it_is_then(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    root, kept = logging.getLogger(), logger("kept")
    handlers, level = root.handlers, root.level
    try:
        with io.StringIO() as lent:
            monkeypatch.setattr("sys.stdout", lent)
            configure_logs("accrual", "INFO")
            kept.info("first")
            assert "first" in lent.getvalue()
            monkeypatch.undo()
        kept.info("second")
    finally:
        root.handlers, root.level = handlers, level
        structlog.reset_defaults()
    assert "second" in capsys.readouterr().out
