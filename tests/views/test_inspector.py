"""The inspector's parts: facts, tries, payloads, and what it says where there is nothing."""

from zoneinfo import ZoneInfo

from ryx_dash.projection.inspection import Inspection, Part
from ryx_dash.projection.state import Span
from ryx_dash.protocol.steps import NodeStatus
from ryx_dash.views import ids, inspector
from ryx_dash.views.payload import FORMS, MOST
from tests.views.tree import find, one, text

OSLO = ZoneInfo("Europe/Oslo")
START, END = "2026-01-01T11:00:00.000000Z", "2026-01-01T11:00:02.500000Z"


def facts(found: Inspection, now: str | None = END) -> dict[str, str]:
    shown = inspector.head(found, OSLO, now=now)
    names = [text(dt) for dt in find(shown, type="Dt")]
    return dict(zip(names, [text(dd) for dd in find(shown, type="Dd")], strict=True))


def test_it_is_closed_at_first_and_offers_every_form():
    shown = inspector.panel()
    assert one(shown, id=ids.INSPECTOR)["hidden"] is True
    assert [one(shown, id=f"inspector-as-{form}")["data-form"] for form in FORMS] == list(FORMS)
    assert one(shown, id=ids.INSPECTOR_CLOSE)["aria-label"] == "Close the inspector"


def test_the_facts_of_a_step_that_has_ended():
    found = Inspection(
        title="Context",
        status="success",
        names=(("step", "rag_context"),),
        started=START,
        ended=END,
        latency=2500.0,
        inferred=("ts", "id"),
        notes=("data.x: NaN became null.",),
    )
    assert facts(found) == {
        "step": "rag_context",
        "started": "12:00:00.000",
        "ended": "12:00:02.500",
        "took": "2.50 s",
        "not said by the backend": "ts, id",
        "replaced": "data.x: NaN became null.",
    }


def test_what_still_runs_is_measured_up_to_now():
    found = Inspection(title="Context", status="running", started=START)
    assert facts(found)["so far"] == "2.50 s"


def test_an_event_has_a_time_and_a_level():
    found = Inspection(title="tool_result", level="error", started=START)
    assert facts(found) == {"time": "12:00:00.000"}
    assert "error" in text(inspector.head(found, OSLO, now=None))


def test_each_try_is_a_row():
    spans = (
        Span(
            node="llm",
            step="llm_response",
            label="Response",
            opened=3,
            start=START,
            end=END,
            closed=5,
            first="2026-01-01T11:00:01.000000Z",
            status=NodeStatus.FAILED,
        ),
        Span(node="llm", step="llm_response", label="Response", opened=5, start=END, attempt=2),
    )
    shown = inspector.head(Inspection(title="R", status="running", attempts=spans), OSLO, now=END)
    cells = [text(td) for td in find(shown, type="Td")]
    assert cells[:5] == ["1", "✗failed", "12:00:00.000", "1.00 s", "2.50 s"]
    assert cells[5] == "2"


def test_a_payload_leads_to_its_event_and_its_file():
    part = Part(name="output", value={"x": 1}, seq=57, of="Input")
    shown = inspector.body(Inspection(title="t", parts=(part,)), "r/1", "json", whole=False)
    assert one(shown, data_inspect="event:57")["children"] == "event 57"
    link = one(shown, type="A")
    assert link["href"] == "/api/runs/r%2F1/events?after=56&limit=1"
    assert "from Input" in text(shown)


def test_what_is_cut_can_be_asked_for_or_downloaded():
    def cut(size: int, whole: bool, seq: int | None = 3) -> str:
        part = Part(name="data", value="x" * size, seq=seq)
        found = Inspection(title="t", parts=(part,))
        return text(find(inspector.body(found, "r", "text", whole=whole), className="part-cut"))

    assert find(inspector.body(_long(), "r", "text", whole=False), className="show-whole")
    assert cut(MOST + 1, True).endswith("The rest is in the download.")
    assert cut(MOST + 1, True, None).endswith("The answer's panel has all.")


def _long() -> Inspection:
    return Inspection(title="t", parts=(Part(name="data", value="x" * 60_000, seq=3),))


def test_a_long_message_is_a_payload_as_well():
    found = Inspection(title="t", message="m" * 5_000)
    assert len(text(inspector.head(found, OSLO, now=None))) < 3_000
    [part] = find(inspector.body(found, "r", "text", whole=False), className="part")
    assert part["data-part"] == "message"


def test_nothing_is_said_as_such():
    assert "no payload" in text(inspector.body(Inspection(title="t"), "r", "json", whole=False))
    missing = Inspection(title="t", missing="It is gone.")
    assert text(inspector.head(missing, OSLO, now=None)) == "tIt is gone."
    assert inspector.body(missing, "r", "json", whole=False) == []
