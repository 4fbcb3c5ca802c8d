"""Logs: one JSON line per batch or request, written at the edge, with ids and without personal data."""

import logging
import sys
from typing import Any, Final

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

#: Each says in many lines what ours say in one.
_NOISY: Final = ("uvicorn.access", "uvicorn.error", "aiokafka", "alembic")


class _StandardOutput:
    """Standard output as it is when a line is written: loggers are kept for good, and who runs a command within another process may have lent it another."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


def configure_logs(service: str, level: str) -> None:
    """Send every log line of this process, libraries' included, to standard output as one JSON object. `level`: DEBUG, INFO, WARNING or ERROR."""

    def add_service(_logger: object, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        add_service,
        structlog.processors.format_exc_info,
    ]
    output = _StandardOutput()
    # Ours are written directly: by way of the standard library, a line cost a call more than its checks did.
    structlog.configure(
        processors=[*shared, _json],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(output),  # type: ignore[arg-type]  # it writes and flushes, and asks no more of a file
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared], processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _json]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).handlers = []
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def logger(name: str) -> FilteringBoundLogger:
    """Return the logger of a module."""
    bound: FilteringBoundLogger = structlog.get_logger(module=name)
    return bound


def _json(_logger: object, _method: str, event: EventDict) -> str:
    return msgspec.json.encode(event, enc_hook=_text).decode()


def _text(value: Any) -> str:
    return repr(value)
