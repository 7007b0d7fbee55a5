import pytest

from ryx_dash.projection.fold import initial
from ryx_dash.projection.state import NodeState, RunState, ToolCall
from ryx_dash.protocol.steps import NodeStatus, RunStatus
from ryx_dash.views import states
from tests.views.tree import find, one, text


def run(status, **changes):
    return RunState(run_id="r", status=status, input="why?", nodes=initial("r").nodes, **changes)


def test_a_first_visit_offers_three_questions():
    examples = ["one?", "two?", "three?"]
    asks = find(states.first_visit(examples), className="example-query")
    assert [ask["data-query"] for ask in asks] == examples
    assert len(asks) == 3


def test_an_unknown_run_is_named_and_there_is_a_way_on():
    shown = states.unknown_run("nope")
    assert "no run nope in this log" in text(shown)
    assert one(shown, type="A")["href"] == "/"


@pytest.mark.parametrize(
    ("position", "words"),
    [(0, "about to start"), (1, "position 1: it is the next"), (3, "position 3: 2 before it")],
)
def test_a_waiting_run_says_its_place(position, words):
    assert words in text(states.queued(position))


def test_waiting_says_what_for():
    llm = NodeState(node="llm", step="llm_response", label="Response")
    waiting = RunState(run_id="r", nodes=(llm,), current_step="llm_response", model="qwen2.5:3b")
    assert text(states.waiting(waiting)) == "Waiting for the model qwen2.5:3b to begin."
    rag = NodeState(node="rag", step="rag_context", label="Context", message="Indexing")
    assert text(states.waiting(RunState(run_id="r", nodes=(rag,), current_step="rag_context"))) == (
        "Context: Indexing"
    )
    assert text(states.waiting(RunState(run_id="r"))) == "The run has started."


def test_a_failed_run_says_where_why_and_what_next():
    shown = states.outcome(
        run(RunStatus.FAILED, failed_step="rag_context", failure="The disk is full.")
    )
    assert "failed in step Context. The disk is full." in text(shown)
    assert one(shown, className="example-query")["data-query"] == "why?"


def test_a_failed_run_without_a_reason_says_so():
    assert "The run failed. It gave no reason." in text(states.outcome(run(RunStatus.FAILED)))
    unknown = run(RunStatus.FAILED, failed_step="mystery")
    assert "in step mystery." in text(states.outcome(unknown))


def test_a_cancelled_and_an_interrupted_run_say_what_is_known():
    assert "was cancelled" in text(states.outcome(run(RunStatus.CANCELLED)))
    assert "nobody knows" in text(states.outcome(run(RunStatus.INTERRUPTED)))
    lost = "The backend was lost. Nobody knows how the run went on."
    assert lost in text(states.outcome(run(RunStatus.INTERRUPTED, failure=lost)))


def test_a_run_whose_question_is_unknown_cannot_be_repeated():
    assert (
        find(states.outcome(RunState(run_id="r", status=RunStatus.CANCELLED)), type="Button") == []
    )


def test_a_good_run_needs_no_words():
    assert states.outcome(run(RunStatus.SUCCESS)) == []


def test_a_run_without_a_model_gives_the_reason():
    def chosen(**data):
        node = NodeState(
            node="model",
            step="model_selection",
            label="Model",
            status=NodeStatus.SUCCESS,
            data=data,
        )
        return RunState(run_id="r", nodes=(node,))

    reason = "Nothing answers at http://localhost:11434."
    assert reason in text(states.without_model(chosen(chosen_by="none", reason=reason)))
    assert "No language model" in text(states.without_model(chosen(chosen_by="none", reason=3)))
    assert states.without_model(chosen(chosen_by="intent")) == []
    assert states.without_model(RunState(run_id="r")) == []


def test_the_place_of_the_cards_is_never_silent():
    assert "appears here" in text(states.no_tools(run(RunStatus.RUNNING)))
    assert "No tool was called" in text(states.no_tools(run(RunStatus.SUCCESS)))
    assert text(states.connecting()) == "Waiting for the server."


def test_of_more_calls_than_a_state_holds_the_number_is_said():
    calls = (ToolCall(call_id="c", tool="t"),)
    state = RunState(run_id="r", calls=calls, calls_made=1_234)
    assert "The newest 1 of 1,234 calls." in text(states.no_tools(state))
    assert states.no_tools(RunState(run_id="r", calls=calls, calls_made=1)) == []
