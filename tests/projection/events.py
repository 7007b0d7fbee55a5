"""Events for the tests of this package: written by hand, and arbitrary."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.projection.state import NodeState, RunState
from ryx_dash.protocol.events import Draft, Event, EventKind
from ryx_dash.protocol.steps import STEPS

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def ts(seq: int) -> str:
    """The time of the event ``seq`` in these tests: 10 ms after the one before."""
    return (START + timedelta(milliseconds=10 * seq)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def draft(kind: str, step: str = "", **fields: Any) -> Draft:
    """A draft; a known step brings its node along."""
    nodes = {known.name: known.node for known in STEPS}
    return Draft(**{"event": kind, "step": step, "node": nodes.get(step, "")} | fields)


def events(*drafts: Draft) -> list[Event]:
    """The drafts as events 1, 2, 3, …"""
    return [draft.at("r", seq, ts(seq)) for seq, draft in enumerate(drafts, 1)]


def folded(*drafts: Draft) -> RunState:
    """The run after these events."""
    return fold_all(initial("r"), events(*drafts))


def node(state: RunState, key: str) -> NodeState:
    """The node with this id."""
    return next(node for node in state.nodes if node.node == key)


_words = st.sampled_from(["", "a", "b", "execute", "llm", "call:a", "step:call:a", "#1", "#2"])
_scalars = st.none() | st.booleans() | st.integers(-3, 5) | _words | st.floats()
_values = _scalars | st.lists(_scalars, max_size=2) | st.dictionaries(_words, _scalars, max_size=2)
_keys = (
    "call_id", "tool", "args", "success", "output", "error", "text", "response", "citations",
    "model", "input", "attempt", "skipped", "warning", "step",
)  # fmt: skip
_data = st.dictionaries(st.sampled_from(_keys), _values, max_size=4) | st.fixed_dictionaries(
    {"code": st.sampled_from(["interrupted", "timeout"])}
)
_latency = st.none() | st.floats(0, 1e6)
_kinds = st.sampled_from([*sorted(EventKind), "step_dreamt", ""])
_steps = st.sampled_from([step.name for step in STEPS]) | _words
_nodes = st.sampled_from([step.node for step in STEPS]) | _words

drafts = st.builds(
    Draft, event=_kinds, step=_steps, node=_nodes, message=_words, latency=_latency, data=_data
)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Arbitrary events of a run, mostly in order, with gaps and repetitions here and there."""
    seq, history = 0, []
    for item in draw(st.lists(drafts, max_size=25)):
        seq = max(1, seq + draw(st.sampled_from([1, 1, 1, 1, 1, 1, 0, -1, 3])))
        history.append(item.at("r", seq, ts(seq)))
    return history
