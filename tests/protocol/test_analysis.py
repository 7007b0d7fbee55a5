"""Parts of runs as texts, percentiles, and what can be a measure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.protocol.analysis import Part, parse_part, percentile, quantity, success_rate
from ryx_dash.protocol.steps import RunStatus

ends = st.none() | st.integers(0, 10**9).map(lambda thousandths: thousandths / 1000)
worked, answered = st.sampled_from(["step", "tool"]), st.sampled_from(["first", "speed"])
parts = (
    st.builds(Part, kind=worked, name=st.text(min_size=1), shortest=ends, below=ends)
    | st.builds(Part, kind=worked, name=st.text(min_size=1), ok=st.booleans())
    | st.builds(Part, kind=answered, name=st.text(), shortest=ends, below=ends)
)


@given(parts)
def test_a_part_is_its_text(part: Part) -> None:
    assert parse_part(str(part)) == part


@given(st.text())
def test_any_text_is_a_part_or_none(text: str) -> None:
    part = parse_part(text)
    assert part is None or parse_part(str(part)) == part


@pytest.mark.parametrize(
    "text",
    ["", "step", "step:x", "step::", "model::x", "step:1:x", "step:-1-2-:x", "tool:1e9-:x",
     "step:inf-:x", "step:1-²:x", "step:.-:x", "first:failed:x", "speed", "first:1:x"],
)  # fmt: skip
def test_what_is_no_part(text: str) -> None:
    assert parse_part(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("step::rag_context", "there was the step rag_context"),
        ("step:1000-3000:llm", "the step llm took 1,000 ms or more and less than 3,000 ms"),
        ("tool:-5:a:b", "a call of a:b took less than 5 ms"),
        ("tool:failed:read_file", "a call of read_file failed"),
        ("tool:succeeded:read_file", "a call of read_file succeeded"),
        ("first:800-:m:3b", "the first token of m:3b took 800 ms or more"),
        ("speed:-40.5:m:3b", "m:3b wrote less than 40.5 tokens/s"),
        ("first::", "a model without a name answered"),
    ],
)
def test_a_part_in_words(text: str, words: str) -> None:
    part = parse_part(text)
    assert part is not None
    assert part.words == words


@given(st.lists(st.floats(0, 1e9), min_size=1), st.integers(0, 100))
def test_percentiles_lie_between_their_neighbours(values: list[float], percent: int) -> None:
    values.sort()
    found = percentile(values, percent)
    assert found is not None
    assert values[0] <= found <= values[-1]
    below = sum(value < found for value in values)
    assert below <= percent / 100 * (len(values) - 1) + 1


def test_percentiles() -> None:
    assert percentile([], 50) is None
    assert percentile([1.0, 2.0], 50) == 1.5
    assert percentile([1.0, 2.0, 3.0, 4.0, 5.0], 95) == pytest.approx(4.8)


@pytest.mark.parametrize(
    "value", [None, True, "7", -1, float("nan"), float("inf"), 10**400, 1e13, [1]]
)
def test_what_is_no_measure(value: object) -> None:
    assert quantity(value) is None


def test_a_measure_and_a_rate() -> None:
    assert quantity(7) == 7.0
    assert success_rate({}) is None
    assert success_rate({RunStatus.CANCELLED: 3}) is None
    assert success_rate({RunStatus.SUCCESS: 3, RunStatus.FAILED: 1, RunStatus.RUNNING: 9}) == 0.75
