import json

from ryx_dash.projection.state import ToolCall
from ryx_dash.protocol.steps import NodeStatus
from ryx_dash.views.tools import SUMMARY_LIMIT, card, cards, count
from tests.views.tree import find, one, text

DONE = ToolCall(
    call_id="a",
    tool="read_file",
    args={"path": "a.txt"},
    status=NodeStatus.SUCCESS,
    latency=12.0,
    output={"path": "a.txt", "text": "hello", "start": 1, "end": 1, "lines": 1},
)


def call(**changes):
    return ToolCall(**({"call_id": "a", "tool": "t"} | changes))


def test_a_card_says_what_the_contract_says():
    root = find(card(DONE), data_call_id="a")[0]
    assert root["data-tool"] == "read_file"
    assert root["data-status"] == "success"
    assert root["open"] is True
    summary = text(root["children"][0])
    assert "read_file" in summary
    assert "a.txt" in summary
    assert "12 ms" in summary


def test_two_calls_of_one_tool_are_two_cards():
    two = (DONE, call(call_id="b", tool="read_file"))
    assert len(cards(two)) == 2
    assert {p["data-key"] for c in cards(two) for p in find(c, className="card-tool-result")} == {
        "card:a",
        "card:b",
    }
    assert count(1_234) == "1,234"


def test_a_running_call_spins_and_others_do_not():
    assert one(card(call()), className="spinner")["aria-label"] == "running"
    assert find(card(DONE), className="spinner") == []


def test_a_failed_call_gives_the_reason():
    failed = call(status=NodeStatus.FAILED, error="Permission denied: a.txt")
    assert text(one(card(failed), className="card-error")) == "Permission denied: a.txt"


def test_a_cancelled_call_says_so():
    assert "stopped before" in text(card(call(status=NodeStatus.CANCELLED)))


def test_an_inferred_pairing_is_said():
    assert "paired by its order" in text(card(call(inferred=True)))


def test_long_output_has_its_size_and_a_way_to_all_of_it():
    shown = card(call(status=NodeStatus.SUCCESS, output="x" * 20_000))
    assert "20.0 kB in all" in text(shown)
    assert one(shown, type="Button", data_show_all="a")


def test_short_output_has_no_such_button():
    assert find(card(DONE), data_show_all="a") == []


def test_copying_takes_what_the_card_shows():
    shown = card(DONE)
    target = one(shown, className="copy-button")["data-copy-target"]
    assert target == one(shown, className="output")["id"]


def test_arguments_are_there_in_full_and_short_in_the_head():
    args = {"query": "q" * 500, "n": 3}
    shown = card(call(args=args))
    head = text(one(shown, className="card-args"))
    assert len(head) == SUMMARY_LIMIT
    assert head.startswith("query: qqq")
    assert json.loads(text(find(shown, type="Pre")[-1])) == args


def test_a_call_without_arguments_has_no_place_for_them():
    assert find(card(call()), className="card-arguments") == []
