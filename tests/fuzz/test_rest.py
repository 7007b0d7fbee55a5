"""Every REST route, with whatever its description allows and whatever it does not."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import positive_data_acceptance

from ryx_dash.api.openapi import OPERATIONS, Operation
from ryx_dash.archive.export import MEDIA_TYPES, export
from ryx_dash.log.memory import MemoryLog
from tests.archive.runs import recorded
from tests.faults.checker import tally
from tests.faults.seeds import FIGURES
from tests.faults.servers import Server
from tests.fuzz.damage import damaged

EXAMPLES = 300 if FIGURES else 20

ROUTES = [
    pytest.param(operation, mode, id=f"{operation.id}-{mode.value}")
    for operation in OPERATIONS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or operation.query or operation.body  # can be wrong
]


def exported() -> bytes:
    """A run as the file that is imported."""
    log = MemoryLog()
    return "".join(export(log, recorded(log), "jsonl")).encode()


# A description can say that a body is a file, not what makes it a good one.
SOUND = st.builds(exported)
schemathesis.openapi.media_type(
    MEDIA_TYPES["jsonl"], SOUND | st.builds(damaged, SOUND, st.randoms(use_true_random=False))
)


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
        case.call_and_validate(excluded_checks=[positive_data_acceptance] if operation.file else [])

    check()
