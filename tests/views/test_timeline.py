from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.projection.critical import critical
from ryx_dash.projection.fold import fold_all, initial
from ryx_dash.projection.state import RunState
from ryx_dash.protocol.events import Draft, EventKind, step_event
from ryx_dash.protocol.steps import EXECUTE, INPUT, LLM, RAG, STEPS
from ryx_dash.views import ids, timeline
from ryx_dash.views.theme import tokens
from tests.projection.events import histories
from tests.views.tree import find, one

START, DONE = EventKind.STEP_START, EventKind.STEP_COMPLETE


def at(second: float) -> str:
    return f"2026-01-01T00:{int(second) // 60:02}:{second % 60:09.6f}Z"


def step(kind: EventKind, of, **data) -> Draft:
    return step_event(kind, of, "…", data=data)


def run(*timed: tuple[float, Draft]) -> RunState:
    """The run after ``(second, draft)``, …"""
    events = [draft.at("r", seq, at(second)) for seq, (second, draft) in enumerate(timed, 1)]
    return fold_all(initial("r"), events)


def call(name: str) -> Draft:
    return step(EventKind.TOOL_CALL, EXECUTE, call_id=name, tool=f"tool {name}", args={})


def result(name: str) -> Draft:
    return step(EventKind.TOOL_RESULT, EXECUTE, call_id=name, tool=f"tool {name}", success=True)


RUN = run(
    (0, step(START, INPUT)),
    (1, step(DONE, INPUT)),
    (1, step(START, EXECUTE)),
    (1, call("slow")),
    (1, call("quick")),
    (2, result("quick")),
    (4, result("slow")),
    (4, step(DONE, EXECUTE)),
    (24, step(START, LLM)),
    (27, step(EventKind.LLM_TOKEN, LLM, text="x")),
    (30, step(DONE, LLM)),
)


def trace(figure, name):
    return next(trace for trace in figure["data"] if trace["name"] == name)


def bars(figure):
    """Beginning and length of each bar, by its row."""
    spans = trace(figure, "spans")
    drawn = zip(spans["y"], spans["base"], spans["x"], strict=True)
    return {row: (base, length) for row, base, length in drawn}


def test_every_step_has_its_row_and_calls_stand_below_theirs():
    axis = timeline.figure(RUN)["layout"]["yaxis"]
    rows = [step.node for step in STEPS]
    rows[rows.index("execute") + 1 : 0] = ["call:slow", "call:quick"]
    assert axis["tickvals"] == rows
    assert axis["ticktext"][5] == "· tool slow"
    assert timeline.figure(initial("r"))["layout"]["yaxis"]["tickvals"] == [s.node for s in STEPS]


def test_bars_are_as_long_as_it_took():
    assert bars(timeline.figure(RUN)) == {
        "input": (0, 1),
        "execute": (1, 3),
        "call:slow": (1, 3),
        "call:quick": (1, 1),
        "llm": (24, 6),
    }
    assert trace(timeline.figure(RUN), "spans")["text"][-1] == "6.00 s"


def test_what_runs_reaches_to_the_newest_event():
    state = run((0, step(START, INPUT)), (3, Draft(event="something")))
    assert bars(timeline.figure(state)) == {"input": (0, 3)}
    assert "running" in trace(timeline.figure(state), "spans")["hovertext"][0]


def test_the_wait_for_the_first_token_is_hollow_and_the_token_marked():
    figure = timeline.figure(RUN)
    wait = trace(figure, "waiting for the first token")
    assert (wait["base"], wait["x"]) == ([24], [3])
    assert trace(figure, "first token")["x"] == [27]
    assert "after 3.00 s" in trace(figure, "first token")["hovertext"][0]
    asked = run((0, step(START, LLM)), (5, Draft(event="something")))
    assert trace(timeline.figure(asked), "waiting for the first token")["x"] == [5]


def test_folding_cuts_times_in_which_nothing_ran():
    figure = timeline.figure(RUN, folded=True)
    assert bars(figure)["llm"] == (5, 6)
    assert bars(figure)["execute"] == (1, 3)
    [note] = figure["layout"]["annotations"]
    assert note["text"] == "⋯ 20.0 s"
    [shape] = figure["layout"]["shapes"]
    assert (shape["x0"], shape["x1"]) == (4, 5)
    times = figure["layout"]["xaxis"]
    assert list(zip(times["tickvals"], times["ticktext"], strict=True)) == [
        *((0, "0 s"), (5, "24 s"), (10, "29 s"))
    ]
    assert not timeline.figure(RUN)["layout"].get("shapes")


def test_the_end_of_a_run_is_seen_and_the_wait_for_it_can_be_folded():
    end = Draft(event=EventKind.WORKFLOW_COMPLETE)
    state = run((9, step(START, INPUT)), (10, step(DONE, INPUT)), (39, end))
    assert timeline.figure(state)["layout"]["xaxis"]["range"][1] >= 30
    folded = timeline.figure(state, folded=True)
    assert [note["hovertext"] for note in folded["layout"]["annotations"]] == [
        "nothing ran for 29.0 s"
    ]


def test_a_wait_in_line_has_a_row_of_its_own():
    state = run((10, step(START, INPUT)), (11, step(DONE, INPUT)))
    figure = timeline.figure(state, created=at(4))
    assert figure["layout"]["yaxis"]["tickvals"][0] == timeline.QUEUE
    assert trace(figure, "waiting")["x"] == [6]
    assert bars(figure)["input"] == (6, 1)
    soon = timeline.figure(state, created=at(9.6))
    assert bars(soon)["input"] == (0, 1)
    assert not trace(soon, "waiting")["x"]


def test_a_run_to_compare_with_begins_where_this_one_does():
    state = run((10, step(START, INPUT)), (11, step(DONE, INPUT)))
    ghost = trace(timeline.figure(state, created=at(4), ghost=RUN), "previous run")
    assert ghost["y"] == ["input", "execute", "llm"]
    assert ghost["base"] == [6, 7, 30]


def test_calls_are_compared_by_tool_and_number():
    def calls(*names: str) -> RunState:
        made = [(n, made) for n, name in enumerate(names) for made in (call(name), result(name))]
        return run((0, step(START, EXECUTE)), *made)

    def call(key: str) -> Draft:
        return step(EventKind.TOOL_CALL, EXECUTE, call_id=key, tool=key[0])

    def result(key: str) -> Draft:
        return step(EventKind.TOOL_RESULT, EXECUTE, call_id=key, tool=key[0], success=True)

    figure = timeline.figure(calls("r1", "s1", "r2"), ghost=calls("s7", "r8", "r9", "r10"))
    assert trace(figure, "previous run")["y"] == ["execute", "call:s1", "call:r1", "call:r2"]


def test_a_bar_says_how_long_all_tries_took():
    again = step(EventKind.STEP_PROGRESS, RAG, attempt=2)
    state = run((0, step(START, RAG)), (1, again), (3, step(DONE, RAG)))
    figure = timeline.figure(state)
    assert trace(figure, "spans")["text"] == ["", "3.00 s · 2×"]
    assert figure["layout"]["xaxis"]["range"][1] > 4  # there is room for the words


def test_steps_that_a_run_does_not_have_take_no_room():
    odd = Draft(event="step_start", step="plan", node="plan")
    assert timeline.figure(run((0, odd)))["layout"]["yaxis"]["tickvals"] == ["plan"]
    both = run((0, step(START, INPUT)), (1, odd))
    assert len(timeline.figure(both)["layout"]["yaxis"]["tickvals"]) == len(STEPS) + 1


def test_calls_that_are_forgotten_are_not_drawn():
    many = [(n, c) for n in range(60) for c in (call(f"c{n}"), result(f"c{n}"))]
    figure = timeline.figure(run((0, step(START, EXECUTE)), *many))
    rows = figure["layout"]["yaxis"]["tickvals"]
    assert set(trace(figure, "spans")["y"]) <= set(rows)
    assert figure["layout"]["annotations"][0]["text"] == "the newest 51 of 61"


def test_the_critical_path_leads_back_through_what_was_waited_for():
    by_opened = {span.opened: span.node for span in RUN.spans}
    path = {by_opened[seq] for seq in critical(RUN.spans, RUN.last or "")}
    assert path == {"input", "execute", "call:slow", "llm"}
    edges = trace(timeline.figure(RUN), "spans")["marker"]["line"]
    outlined = [c == tokens()["text"] for c in edges["color"]]
    assert dict(zip(bars(timeline.figure(RUN)), outlined, strict=True)) == {
        "input": True,
        "execute": True,
        "call:slow": True,
        "call:quick": False,
        "llm": True,
    }


def test_the_selected_step_has_the_ring():
    edges = trace(timeline.figure(RUN, selected="input"), "spans")["marker"]["line"]
    assert edges["color"][0] == tokens()["brand"]


def test_a_click_says_which_node_and_event():
    spans = trace(timeline.figure(RUN), "spans")
    assert spans["customdata"][1] == ["execute", 3]


def test_the_whole_run_is_seen_or_what_a_person_zoomed_to():
    assert timeline.figure(RUN)["layout"]["xaxis"]["range"][1] > 30
    assert timeline.figure(RUN, zoom=(2, 3.5))["layout"]["xaxis"]["range"] == [2, 3.5]


def test_a_much_longer_run_before_leaves_room_for_this_one():
    def seen(*timed: tuple[float, Draft]) -> float:
        return timeline.figure(run(*timed), ghost=RUN)["layout"]["xaxis"]["range"][1]

    begun = (0, step(START, INPUT)), (1, step(DONE, INPUT))
    assert seen(*begun) > 30  # it may become as long
    end = Draft(event=EventKind.WORKFLOW_COMPLETE)
    assert 3 < seen(*begun, (1, end)) < 4
    assert seen(*begun, (29, step(START, LLM)), (31, step(DONE, LLM)), (31, end)) > 31


def test_names_are_text():
    odd = Draft(event="step_start", step="<b>x</b>", node="<b>")
    figure = timeline.figure(run((0, odd)))
    assert figure["layout"]["yaxis"]["ticktext"][-1] == "‹b›x‹/b›"
    assert "<b>" not in trace(figure, "spans")["hovertext"][0]


def test_more_than_can_be_told_apart_is_cut_and_said():
    again = [(n, step(START, RAG, attempt=n)) for n in range(1, timeline.MOST + 6)]
    figure = timeline.figure(run(*again))
    assert len(trace(figure, "spans")["y"]) == timeline.MOST
    assert figure["layout"]["annotations"][-1]["text"] == "the newest 400 of 405"


@given(histories(), st.booleans())
def test_any_history_can_be_drawn(history, folded):
    state = fold_all(initial("r"), history)
    figure = timeline.figure(state, folded=folded, ghost=state, created=at(0))
    spans = trace(figure, "spans")
    assert all(length >= 0 for length in spans["x"])
    assert set(spans["y"]) <= set(figure["layout"]["yaxis"]["tickvals"])


def test_tabs_and_box():
    tabs = find(timeline.tabs(), role="tab")
    assert [tab["aria-selected"] for tab in tabs] == ["true", "false"]
    assert one(timeline.box(), id=ids.TIMELINE_PLACE)


def test_the_graph_is_no_part_of_the_page_at_first():
    assert find(timeline.box(), id=ids.TIMELINE) == []
    drawn = timeline.graph(timeline.figure(RUN))
    assert one(drawn, id=ids.TIMELINE)["config"]["displayModeBar"] is False
