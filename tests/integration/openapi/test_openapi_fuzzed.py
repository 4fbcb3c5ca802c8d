"""Every call of every service takes whatever its OpenAPI document allows, and what it does not, without a 5xx, and answers as the document says.

An example or two of each call in `make test`, the same in each run; many, and others in each run, with
`NANZHU_LONG_RUN=1 .venv/bin/pytest tests/integration/openapi`
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from support.fuzzing import SERVICES, Fuzzed, app_of
from support.platform import MakeDatabase

LONG_RUN: Final = os.environ.get("NANZHU_LONG_RUN") == "1"
EXAMPLES: Final = 100 if LONG_RUN else 1
#: What every service has alike is called in one of them only, unless there is time.
_ALIKE: Final = {"system", "dead letters", "jobs"}
_ONE_OF_ALL: Final = "merchant"
_BASE: Final = "http://testserver"
_CHECKED: Final = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.parametrize("service", SERVICES)
def test_no_call_breaks_a_service(service: str, database: MakeDatabase) -> None:
    with app_of(service, database(service)) as fuzzed:
        operations = [found.ok() for found in schemathesis.openapi.from_dict(fuzzed.document).get_all_operations() if isinstance(found, Ok)]
        if service != _ONE_OF_ALL and not LONG_RUN:
            operations = [operation for operation in operations if not _ALIKE.intersection(operation.tags or ())]
        faults = [fault for operation in operations for mode in _modes_of(operation) for fault in _faults_of(operation, mode, fuzzed)]
    assert operations
    assert not faults, "\n\n".join(faults)


def _modes_of(operation: Any) -> Sequence[GenerationMode]:
    """Return whether to send what the document allows or what it does not: both, but reads that are short of time only the latter."""
    return list(GenerationMode) if LONG_RUN or operation.method != "get" else [GenerationMode.NEGATIVE]


def _faults_of(operation: Any, mode: GenerationMode, fuzzed: Fuzzed) -> Iterator[str]:
    # Nothing is shrunk: that takes minutes, and the first case at hand says enough.
    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=not LONG_RUN, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def call(case: Case[Any]) -> None:
        answer = fuzzed.http.request(**fuzzed.request_of(case, _BASE))
        case.validate_response(answer, checks=_CHECKED)

    try:
        call()
    except Unsatisfiable:
        return  # nothing about this call can be wrong
    except FailureGroup as found:
        yield "\n".join([f"{operation.method.upper()} {operation.path} ({mode.value})", *map(str, found.exceptions), *getattr(found, "__notes__", ())])
