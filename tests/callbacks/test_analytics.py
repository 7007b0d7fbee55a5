"""The analytics page out of a log in memory."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import dash
import pytest

from ryx_dash.callbacks import analytics
from ryx_dash.callbacks.analytics import INPUTS, OUTPUTS, answer
from ryx_dash.callbacks.analytics_query import AnalyticsQuery, parse_analytics
from ryx_dash.callbacks.runs_query import parse_query
from ryx_dash.errors import LogError
from ryx_dash.log.analyst import Analyst
from ryx_dash.log.base import Run
from ryx_dash.log.memory import MemoryLog
from ryx_dash.protocol.analysis import Part, Period
from ryx_dash.protocol.events import Draft, EventKind, step_event, utc
from ryx_dash.protocol.steps import EXECUTE, LLM
from ryx_dash.views import analytics_ids
from tests.views.tree import find, one, text, walk

GREENWICH = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 1, 31, 14, 20, 30, tzinfo=UTC)


def put(
    log: MemoryLog, name: str, hours: float, *, failed: bool = False, took: float = 80.0
) -> Run:
    """A run that ended so many hours ago, with a tool call and an answer."""
    began = NOW - timedelta(hours=hours)
    data = {"call_id": "c", "tool": "read_file", "success": not failed}
    end = EventKind.WORKFLOW_ERROR if failed else EventKind.WORKFLOW_COMPLETE
    told = {"model": "small", "time_to_first_token": 200.0, "tokens_per_second": 30.0}
    drafts = [
        step_event(EventKind.TOOL_CALL, EXECUTE, "", data=data),
        step_event(EventKind.TOOL_RESULT, EXECUTE, "", latency=7.0, data=data),
        step_event(EventKind.STEP_COMPLETE, LLM, "", latency=took, data=told),
        Draft(event=end),
    ]
    run = Run(run_id=name, input=f"{name}?", created=utc(began), started=utc(began))
    moments = [utc(began + timedelta(seconds=n)) for n in range(1, 5)]
    log.restore(run, [d.at(name, n, moments[n - 1]) for n, d in enumerate(drafts, 1)])
    found = log.run(name)
    assert found is not None
    return found


@pytest.fixture
def log() -> MemoryLog:
    log = MemoryLog()
    put(log, "new", 1)
    put(log, "broken", 20, failed=True, took=4_000.0)
    put(log, "old", 100)
    put(log, "ancient", 2_000)
    return log


def ask(log: MemoryLog, search: str = "", shown: object = None, zone: str = "UTC") -> dict:
    asked = {"search": search, "zone": zone, "tick": None, "shown": shown}
    return answer(Analyst(log), asked, NOW)


def query(search: str = "", zone: ZoneInfo = BERLIN) -> AnalyticsQuery:
    return parse_analytics(search, zone, NOW)


def links(views: dict) -> list[str]:
    """Every address in the page, those of marks included."""
    found = [p["href"] for p in find(views["body"]) if str(p.get("href", "")).startswith("/runs")]
    for node in walk(views["body"]):
        for trace in node["props"].get("figure", {}).get("data", []):
            stack = list(trace.get("customdata") or [])
            while stack:
                item = stack.pop()
                stack.extend(item) if isinstance(item, list | tuple) else found.append(str(item))
    return found


def behind(log: MemoryLog, address: str, zone: ZoneInfo = GREENWICH) -> list[str]:
    """The runs that the list shows at an address; of a single run's, that run."""
    path, search = urlsplit(address).path, urlsplit(address).query
    if path != "/runs":
        return [path.removeprefix("/runs/")]
    where = parse_query(search, zone).where
    return [run.run_id for run in log.runs(where=where).runs]


def test_every_view_goes_to_an_output(log: MemoryLog) -> None:
    assert set(ask(log)) == set(OUTPUTS)
    assert set(INPUTS) == {"search", "zone", "tick", "shown"}


def test_the_callbacks_can_be_registered(log: MemoryLog) -> None:
    app = dash.Dash("test")
    analytics.register(app, Analyst(log))
    assert len(app.callback_map or app._callback_list) >= 1


@pytest.mark.parametrize(
    ("search", "runs"),
    [
        ("", "3"),
        ("?span=24h", "2"),
        ("?span=30d", "3"),
        ("?span=all", "4"),
        ("?span=odd", "3"),
        ("?since=2025-01-01&until=2026-01-30&span=24h", "3"),
        ("?span=all&status=failed", "1"),
    ],
)
def test_spans_and_filters(log: MemoryLog, search: str, runs: str) -> None:
    figures = one(ask(log, search)["body"], className="analytics-figures")
    assert text(figures["children"][0]) == f"runs{runs}"


def test_every_chart_is_there(log: MemoryLog) -> None:
    views = ask(log, "?span=all")
    graphs = [p["id"] for p in find(views["body"], className="analytics-chart")]
    assert tuple(graphs) == analytics_ids.CHARTS
    files = [urlsplit(p["href"]).path for p in find(views["body"], download="")]
    assert set(files) == {
        f"/api/analytics/{name}.csv" for name in ("runs", "steps", "tools", "models", "slowest")
    }


@pytest.mark.parametrize(
    "search",
    [
        "?span=all",
        "?span=24h&status=failed",
        "?model=small",
        "?status=failed,success&took=-5000&part=tool::read_file",
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_every_mark_leads_to_runs_of_the_page(log: MemoryLog, search: str, zone: str) -> None:
    place = ZoneInfo(zone)
    shown = {run.run_id for run in log.runs(where=query(search, place).where).runs}
    addresses = links(ask(log, search, zone=zone))
    assert len(addresses) > 20
    for address in addresses:
        assert set(behind(log, address, place)) <= shown, address


def test_a_mark_leads_to_exactly_its_runs(log: MemoryLog) -> None:
    q = query("?span=all&model=small", ZoneInfo("UTC"))
    found = Analyst(log).analyse(q.where, q.cut)
    for period in found.periods:
        for status, count in period.runs.items():
            assert len(behind(log, q.behind(period, status=status.value))) == count
    slow = str(Part(kind="step", name=LLM.name, shortest=1_000))
    assert behind(log, q.behind(part=slow)) == ["broken"]
    assert behind(log, q.behind(part="tool:failed:read_file")) == ["broken"]
    assert behind(log, q.behind(part="tool:succeeded:read_file")) == ["new", "old", "ancient"]
    assert len(behind(log, q.behind(part="first:200-:small"))) == 4
    assert behind(log, q.behind(part="speed:31-:small")) == []


@pytest.mark.parametrize("search", ["?until=2026-01-30", "?since=2026-01-20&until=2026-01-30"])
def test_marks_lead_to_no_run_after_the_last_day(log: MemoryLog, search: str) -> None:
    shown = {run.run_id for run in log.runs(where=query(search, GREENWICH).where).runs}
    assert "new" not in shown
    for address in links(ask(log, search)):
        assert set(behind(log, address)) <= shown, address


def test_an_hour_that_the_clocks_show_twice_is_two_periods() -> None:
    q = query("?since=2025-10-26&until=2025-10-26")
    marks = [Period(since=a, until=b) for a, b in pairwise(q.cut(None))]
    assert len(marks) == 25
    for mark in marks:
        where = parse_query(urlsplit(q.behind(mark)).query, BERLIN).where
        assert (where.since, where.until) == (mark.since, mark.until)


@pytest.mark.parametrize("search", ["?span=all", "?since=2026-02-01", "?until=2026-03-01", ""])
def test_runs_of_a_clock_that_is_ahead_are_shown(search: str) -> None:
    log = MemoryLog()
    put(log, "ahead", -72)
    views = ask(log, search)
    assert text(one(views["body"], className="analytics-figures")["children"][0]) == "runs1"
    [bars, *_] = one(views["body"], id=analytics_ids.RUNS)["figure"]["data"]
    assert sum(bars["y"]) == 1


def test_what_was_worked_out_holds_while_the_log_does(
    log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyst, asked = Analyst(log), {"search": "", "zone": "UTC", "shown": None}
    first = answer(analyst, asked, NOW)
    monkeypatch.setattr(log, "analyse", None)
    assert answer(analyst, asked, NOW + timedelta(seconds=30))["shown"] == first["shown"]


def test_what_looks_the_same_is_not_sent_again(log: MemoryLog) -> None:
    first = ask(log)
    assert "body" not in ask(log, shown=first["shown"])
    assert "body" in ask(log, "?span=all", shown=first["shown"])
    put(log, "newer", 0.5)
    assert "body" in ask(log, shown=first["shown"])


def test_a_span_keeps_the_filters_and_drops_the_dates(log: MemoryLog) -> None:
    q = query("?model=small&since=2026-01-02&part=tool::x")
    assert (q.span, q.narrowed) == ("", True)
    assert q.spanning("all") == "/analytics?model=small&part=tool%3A%3Ax&span=all"


def test_the_file_of_a_chart_is_of_the_same_runs() -> None:
    q = query("?status=failed,success&model=m&took=10-20&part=tool::x&q=tea")
    path, _, search = q.file("tools").partition("?")
    assert path == "/api/analytics/tools.csv"
    assert dict(parse_qsl(search)) == {
        "status": "failed,success",
        "model": "m",
        "since": "2026-01-24T23:00:00.000000Z",
        "shortest": "10",
        "longest": "20",
        "text": "tea",
        "part": "tool::x",
        "zone": "Europe/Berlin",
    }


@pytest.mark.parametrize(
    ("search", "sentence"),
    [
        ("", "No runs in these 7 days."),
        ("?span=all", "No runs in the log."),
        ("?span=24h&tool=x", "No runs pass these filters in these 24 hours."),
        ("?since=2026-01-01", "No runs between these dates."),
    ],
)
def test_an_empty_page_says_so(search: str, sentence: str) -> None:
    views = ask(MemoryLog(), search)
    assert text(views["body"]) == sentence
    assert views["clear"] is (search in ("", "?span=all"))


def test_a_log_that_fails_is_one_sentence(log: MemoryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise LogError("The disk is gone.")

    monkeypatch.setattr(log, "analyse", fail)
    views = ask(log)
    assert text(views["body"]) == "The disk is gone."
    assert one(views["body"], role="alert")


def test_a_filter_without_a_control_is_said(log: MemoryLog) -> None:
    views = ask(log, "?part=tool:failed:read_file")
    assert views["note"] == "only runs in which a call of read_file failed · as of 14:20:30"
    assert views["clear"] is False


def test_what_cannot_be_understood_is_said(log):
    views = ask(log, search="?took=long&span=odd")
    assert views["note"].endswith(". Not understood, so not applied: took=long, span=odd.")
    assert views["clear"] is False
