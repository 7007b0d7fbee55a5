"""Every REST route, with whatever its description allows and whatever it does not."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from ryx_dash.api.openapi import OPERATIONS, Operation
from tests.faults.checker import tally
from tests.faults.seeds import FIGURES
from tests.faults.servers import Server

EXAMPLES = 1_000 if FIGURES else 20

ROUTES = [
    pytest.param(operation, mode, id=f"{operation.id}-{mode.value}")
    for operation in OPERATIONS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or operation.query or operation.body  # can be wrong
]


@pytest.mark.parametrize(("operation", "mode"), ROUTES)
def test_route(served: Server, operation: Operation, mode: GenerationMode) -> None:
    """No status 500, and nothing that the description does not announce."""
    url = f"http://127.0.0.1:{served.port}/api/openapi.json"
    described = schemathesis.openapi.from_url(url)[operation.path][operation.method.upper()]
    cases: st.SearchStrategy[Case] = described.as_strategy(generation_mode=mode)

    @settings(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(case=cases)
    def check(case: Case) -> None:
        tally.tried += 1
        case.call_and_validate()

    check()
