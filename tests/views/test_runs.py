"""The list of runs as React gets it."""

from datetime import date
from zoneinfo import ZoneInfo

from ryx_dash.projection.listed import Hit, ListedRun
from ryx_dash.protocol.steps import RunStatus
from ryx_dash.views import list_ids, runs
from tests.views.tree import find, one, text

LINE = ListedRun(
    run_id="r1",
    status=RunStatus.FAILED,
    input=(("Where is the ", False), ("kettle", True), ("?", False)),
    model="small:3b",
    intent="search",
    created="2026-01-02T12:00:05.000000Z",
    started="2026-01-02T12:00:05.000000Z",
    latency=1_240.0,
    events=48_211,
    calls=3,
    tools=("a", "b", "c"),
    step="llm_response",
)


def table(*lines):
    return runs.table(lines, zone=ZoneInfo("UTC"), today=date(2026, 1, 2))


def cells(shown):
    return [text(cell["children"]) for cell in find(shown, type="Td")]


def test_a_line_says_all_about_a_run():
    assert cells(table(LINE)) == [
        *("", "✗failed", "Where is the kettle?", "small:3bsearch", "12:00:05"),
        *("1.24 s", "48,211", "3a, b +1", "Response"),
    ]
    assert one(table(LINE), type="Mark")["children"] == "kettle"
    assert one(table(LINE), className="runs-query")["href"] == "/runs/r1"
    assert one(table(LINE), type="Time")["title"] == "2026-01-02 12:00:05.000000 UTC"


def test_a_hit_leads_to_its_event():
    hit = Hit(seq=1_234, step="tool_execution", parts=(("see ", False), ("tea", True)))
    shown = one(table(ListedRun(**{**fields(LINE), "hit": hit})), className="runs-hit")
    assert shown["href"] == "/runs/r1?seq=1234"
    assert text(shown) == "Execute · event 1,234 see tea"


def test_a_running_run_has_a_clock_and_a_waiting_one_has_none():
    running = ListedRun(**{**fields(LINE), "status": RunStatus.RUNNING, "latency": None})
    assert one(table(running), className="ticking")["data-started"] == LINE.started
    queued = ListedRun(run_id="q", status=RunStatus.QUEUED, input=())
    assert find(table(queued), className="ticking") == []
    assert "(empty)" in cells(table(queued))


def test_each_run_can_be_picked_and_all_together():
    other = ListedRun(**{**fields(LINE), "run_id": "r2"})
    shown = find(table(LINE, other), role="checkbox")
    assert [box.get("data-run") for box in shown] == [None, "r1", "r2"]
    assert shown[0]["aria-label"] == "Pick all runs on this page"


def test_the_note_says_how_many_runs_there_are():
    assert runs.note(0, total=0, zone="UTC") == "No runs yet."
    assert runs.note(0, total=0, filtered=True, zone="UTC") == "No runs yet."
    assert runs.note(0, total=9, alone=False, zone="UTC") == "No older runs."
    assert runs.note(1, total=1, zone="UTC") == "1 run · times in UTC."
    said = runs.note(50, total=100_000, alone=False, zone="UTC")
    assert said == "50 of 100,000 runs on this page · times in UTC."


def test_an_empty_list_says_why_and_where_runs_come_from():
    assert text(one(table(), type="Caption")).startswith("No runs yet. Ask something")
    assert [link["href"] for link in find(table(), type="A")] == ["/"]
    shown = runs.table((), zone=ZoneInfo("UTC"), today=date(2026, 1, 2), narrowed=True)
    assert text(one(shown, type="Caption")) == "No run passes these filters."
    assert find(table(LINE), type="Caption") == []


def test_the_note_says_how_many_runs_filters_hide():
    said = runs.note(0, total=7, filtered=True, zone="UTC")
    assert said == "No run passes these filters: 0 of 7 runs."
    said = runs.note(3, total=1200, filtered=True, zone="UTC")
    assert said == "3 of 1,200 runs · filters hide 1,197 · times in UTC."
    assert "1 of 1 run · filters hide none" in runs.note(1, total=1, filtered=True, zone="UTC")
    assert "50 of 120 runs on this page · filters hide others" in runs.note(
        50, total=120, filtered=True, alone=False, zone="UTC"
    )


def test_the_note_says_what_must_have_happened():
    said = runs.note(3, total=4, filtered=True, zone="UTC", part="rag_context ended")
    assert said.endswith(" · times in UTC. Only runs in which rag_context ended.")


def test_the_note_says_which_filters_were_not_applied():
    ignored = [("since", "abc"), ("took", "x" * 500)]
    said = runs.note(3, total=3, zone="UTC", ignored=ignored)
    assert said.startswith("3 runs · times in UTC. Not understood, so not applied: ")
    assert "since=abc" in said
    assert len(said) < 200


def test_only_pages_that_there_are_have_links():
    assert runs.pages(newest=None, older=None) == []
    assert [text(link) for link in runs.pages(newest="/runs", older="/runs?before=x")] == [
        "newest",
        "older",
    ]


def test_every_control_has_a_name():
    shown = runs.controls()
    labelled = {label["htmlFor"] for label in find(shown, type="Label")}
    keys = {value for name, value in vars(list_ids).items() if name in CONTROLS}
    assert labelled >= keys


def test_everything_can_be_chosen_again():
    assert runs.options("all", ["a"]) == [
        {"label": "all", "value": "all"},
        {"label": "a", "value": "a"},
    ]


CONTROLS = ("TEXT", "STATUS", "MODEL", "INTENT", "TOOL", "SINCE", "UNTIL", "TOOK", "VIEW")


def fields(line):
    return {name: getattr(line, name) for name in ListedRun.__slots__}
