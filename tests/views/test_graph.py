from itertools import pairwise

from ryx_dash.projection.nodes import pending_steps
from ryx_dash.projection.state import NodeState, RunState
from ryx_dash.protocol.steps import STEPS, NodeStatus
from ryx_dash.views import ids
from ryx_dash.views.graph import LABEL_WIDTH, MOST_CALLS, MOST_STEPS, STACK, elements, panel, view
from tests.views.tree import one

NODES = {step.node for step in STEPS}


def calls(count):
    return tuple(
        NodeState(
            node=f"call:{i}",
            step="tool_execution",
            label="search_local",
            status=NodeStatus.SUCCESS,
            latency=12.0,
            parent="execute",
        )
        for i in range(count)
    )


def edges(drawn, kind):
    data = [element["data"] for element in drawn]
    return [(d["source"], d["target"]) for d in data if "source" in d and d["kind"] == kind]


def test_the_steps_are_a_chain():
    drawn = elements(pending_steps())
    names = [step.node for step in STEPS]
    assert edges(drawn, "step") == list(pairwise(names))
    assert {e["data"]["id"] for e in drawn if "source" not in e["data"]} == NODES


def test_calls_hang_under_the_step_that_makes_them():
    drawn = elements((*pending_steps(), *calls(STACK + 2)))
    assert edges(drawn, "call") == [("execute", f"call:{i}") for i in range(STACK + 2)]


def test_many_calls_stand_in_columns():
    stacked = edges(elements((*pending_steps(), *calls(STACK + 2))), "stack")
    assert (f"call:{STACK - 1}", f"call:{STACK}") not in stacked
    assert len(stacked) == STACK


def test_ids_of_elements_are_unique():
    drawn = elements((*pending_steps(), *calls(9)))
    found = [element["data"]["id"] for element in drawn]
    assert len(found) == len(set(found))


def test_of_more_nodes_than_fit_the_first_are_drawn():
    many = tuple(NodeState(node=f"n{n}", step=f"s{n}", label="x") for n in range(5_000))
    lost = NodeState(node="call:z", step="s4999", label="t", parent="n4999")
    nodes = (*pending_steps(), *many, lost, *calls(5_000))
    drawn = [d for e in elements(nodes) if "source" not in (d := e["data"])]
    assert len(drawn) == MOST_STEPS + MOST_CALLS
    assert drawn[0]["id"] == "input"
    assert {d["id"] for d in drawn} == set(view(RunState(run_id="r", nodes=nodes))["nodes"])


def test_a_face_has_status_latency_and_both_in_words():
    face = view(RunState(run_id="r", nodes=calls(1)))["nodes"]["call:0"]
    assert face == {"status": "success", "latency": "12 ms", "label": "✓ search_local  12 ms"}


def test_a_long_name_gives_way_to_its_latency():
    node = NodeState(node="n", step="s", label="an_extremely_long_name_of_a_step", latency=87.0)
    label = view(RunState(run_id="r", nodes=(node,)))["nodes"]["n"]["label"]
    assert label.endswith("…  87 ms")
    assert len(label) <= LABEL_WIDTH


def test_edges_know_whose_latency_they_carry():
    drawn = elements((*pending_steps(), *calls(1)))
    timed = {d["id"]: d["timed"] for e in drawn if "source" in (d := e["data"])}
    assert timed["input>intent"] == "input"
    assert timed["execute>call:0"] == "call:0"


def test_the_panel_starts_with_all_steps():
    graph = one(panel([]), id=ids.GRAPH)
    assert graph["autoRefreshLayout"] is False
    assert len(graph["elements"]) == len(STEPS) + len(STEPS) - 1
