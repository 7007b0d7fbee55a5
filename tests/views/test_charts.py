"""The charts of the analytics page, and their tables."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.projection.charts import CHARTS, bucket_words, steps_in_order, table
from ryx_dash.protocol.analysis import (
    BUCKETS,
    Analysis,
    Answered,
    Period,
    Slow,
    Spread,
    Worked,
    parse_part,
)
from ryx_dash.protocol.steps import INPUT, LLM, RunStatus
from ryx_dash.views import analytics, charts
from ryx_dash.views.theme import tokens
from tests.views.tree import find, one, text

BERLIN = ZoneInfo("Europe/Berlin")
EMPTY = Analysis(runs={}, latency=Spread(), periods=(), steps=(), tools=(), models=(), slowest=())


def link(period: Period | None = None, **more: str) -> str:
    return f"/runs?{period.since if period else ''}{sorted(more.items())}"


def worked(name: str, count: int = 4, failed: int = 1, p50: float | None = 5.0) -> Worked:
    spread = Spread() if p50 is None else Spread(count, p50, 2 * p50, 1234.56789 * p50)
    buckets = [0] * (len(BUCKETS) + 1)
    buckets[2] = count if p50 is not None else 0
    return Worked(name=name, count=count, failed=failed, latency=spread, buckets=tuple(buckets))


def period(hour: int, **runs: int) -> Period:
    return Period(
        since=f"2026-01-31T{hour:02}:00:00.000000Z",
        until=f"2026-01-31T{hour + 1:02}:00:00.000000Z",
        runs={RunStatus(name): count for name, count in runs.items()},
    )


def test_runs_are_stacked_in_the_colours_of_their_status() -> None:
    figure = charts.runs([period(9, success=3, failed=1), period(10)], BERLIN, link)
    good, bad, rate = figure["data"]
    assert (list(good["y"]), list(bad["y"])) == ([3, 0], [1, 0])
    assert good["marker"]["color"] == tokens()["success"]
    assert bad["marker"]["color"] == tokens()["failed"]
    assert good["x"][0] == datetime(2026, 1, 31, 10)
    assert "status', 'failed'" in bad["customdata"][0][0]
    assert list(rate["y"]) == [75.0, None]
    assert good["hovertext"][0] == "2026-01-31 10:00 · ✓ 3 success"


def test_percentiles_are_dots_on_a_logarithmic_axis() -> None:
    figure = charts.steps((worked(LLM.name), worked(INPUT.name, p50=0.0)), link)
    lines, *dots = figure["data"]
    assert [trace["name"] for trace in dots] == ["p50", "p95", "p99"]
    assert list(dots[0]["y"]) == [0, 1]
    assert figure["layout"]["yaxis"]["ticktext"] == ["Input", "Response"]
    assert figure["layout"]["xaxis"]["type"] == "log"
    assert min(x for x in lines["x"] if x is not None) > 0
    assert dots[2]["hovertext"][1] == "Response · p99 6.17 s of 4"
    assert "step:6172.839-:llm_response" in dots[2]["customdata"][1][0]


def test_speeds_are_on_a_plain_axis() -> None:
    model = Answered(model="m", count=2, first=Spread(), speed=Spread(2, 10.0, 11.0, 12.5))
    figure = charts.speed((model,), link)
    assert "type" not in figure["layout"]["xaxis"]
    assert figure["data"][3]["hovertext"][0] == "m · p99 12.5 tokens/s of 2"
    assert len(charts.first_token((model,), link)["data"][1]["y"]) == 0


def test_a_distribution_is_in_shares_and_leads_to_its_bucket() -> None:
    figure = charts.spread((worked(LLM.name), worked("none", p50=None)), link)
    [heat] = figure["data"]
    assert [list(row) for row in heat["z"]] == [[100.0]]
    assert heat["hovertext"][0][0] == "Response · 3–10 ms · 100.0 % · 4"
    assert "step:3-10:llm_response" in heat["customdata"][0][0]


def test_calls_are_stacked_by_how_they_ended() -> None:
    figure = charts.calls((worked("a", 4), worked("b", 9, 0)), link)
    good, bad = figure["data"]
    assert figure["layout"]["yaxis"]["ticktext"] == ["b", "a"]
    assert (list(good["x"]), list(bad["x"])) == ([9, 3], [0, 1])
    assert "tool:failed:a" in bad["customdata"][1][0]


def test_of_very_many_steps_those_that_ran_most_are_drawn() -> None:
    rare = [worked(f"a{n:02}", count=n) for n in range(1, 40)]
    axis = charts.steps((*rare, worked(LLM.name, count=99)), link)["layout"]["yaxis"]
    assert axis["ticktext"] == ["Response", *(f"a{n}" for n in range(21, 40))]


def test_few_runs_and_calls_are_counted_in_whole_numbers() -> None:
    assert charts.runs([period(9, success=1)], BERLIN, link)["layout"]["yaxis"]["dtick"] == 1
    assert charts.calls((worked("a", 2),), link)["layout"]["xaxis"]["dtick"] == 1
    assert "dtick" not in charts.calls((worked("a", 5),), link)["layout"]["xaxis"]


def test_names_are_texts() -> None:
    figure = charts.calls((worked("<b>bold</b> &lt; and very long"),), link)
    assert figure["layout"]["yaxis"]["ticktext"] == ["‹b›bold‹…d very long"]
    assert figure["data"][0]["hovertext"][0].startswith("‹b›bold‹/b› &amp;lt; and very long · ")


def test_names_that_look_alike_have_rows_of_their_own() -> None:
    names = ["mcp__filesystem__read_file", "mcp__filesystem__read_fil3", "x" * 99, "x" * 98]
    found = tuple(worked(name) for name in names)
    for draw in (charts.steps, charts.tools, charts.spread, charts.calls):
        figure = draw(found, link)
        assert list(figure["data"][-1]["y"]) == [0, 1, 2, 3]
        assert len(figure["layout"]["yaxis"]["ticktext"]) == 4


@given(
    st.lists(
        st.builds(
            worked,
            st.text(min_size=1, max_size=20),
            st.integers(1, 10**6),
            st.just(0),
            st.none() | st.floats(0, 1e9),
        ),
        max_size=30,
    )
)
def test_any_figures_can_be_drawn(found: list[Worked]) -> None:
    for draw in (charts.steps, charts.tools, charts.spread, charts.calls):
        go.Figure(draw(tuple(found), link))  # which checks every property


def test_buckets_have_names() -> None:
    words = [bucket_words(place) for place in range(len(BUCKETS) + 1)]
    assert words[:3] == ["<1 ms", "1–3 ms", "3–10 ms"]
    assert words[6:8] == ["300 ms–1 s", "1–3 s"]
    assert words[-1] == "≥30 s"


def test_steps_are_in_the_order_in_which_they_run() -> None:
    names = [w.name for w in steps_in_order((worked("z"), worked(LLM.name), worked(INPUT.name)))]
    assert names == [INPUT.name, LLM.name, "z"]


@pytest.mark.parametrize("chart", CHARTS)
def test_every_row_of_a_table_has_every_column(chart: str) -> None:
    slow = Slow(run_id="r", input="q", status=RunStatus.FAILED, created="2026-01-01", latency=1.0)
    model = Answered(model="", count=1, first=Spread(), speed=Spread())
    found = Analysis(
        runs={RunStatus.FAILED: 1},
        latency=Spread(),
        periods=(period(1, failed=1),),
        steps=(worked("a"),),
        tools=(worked("b", p50=None),),
        models=(model,),
        slowest=(slow,),
    )
    shown = table(chart, found)
    assert [len(row) for row in shown.rows] == [len(shown.columns)]
    assert table(chart, EMPTY).rows == ()


def drawn(found: Analysis) -> list:
    return analytics.body(
        found, zone=BERLIN, today=datetime(2026, 1, 31).date(), link=link, files=lambda c: f"/{c}"
    )


def test_each_chart_has_a_title_a_unit_and_a_table() -> None:
    found = Analysis(
        runs={RunStatus.SUCCESS: 3, RunStatus.FAILED: 1},
        latency=Spread(4, 1_000.0, 2_000.0, 3_000.0),
        periods=(period(9, success=3, failed=1),),
        steps=(worked(LLM.name),),
        tools=(worked("t"),),
        models=(Answered(model="m", count=1, first=Spread(1, 1, 1, 1), speed=Spread(1, 1, 1, 1)),),
        slowest=(
            Slow(run_id="r1", input="", status=RunStatus.FAILED, created="x", latency=3_000.0),
        ),
    )
    body = drawn(found)
    panels = find(body, type="Section")
    assert [panel["aria-label"] for panel in panels[:3]] == [
        "Runs over time",
        "Step latency",
        "Distribution of step latency",
    ]
    for panel in panels[:-1]:
        assert one(panel["children"], className="analytics-unit")["children"]
        assert find(panel["children"], type="Details")
        row = one(panel["children"], type="Tbody")["children"][0]
        assert find(row, type="A")[0]["href"].startswith("/runs?")
        assert one(panel["children"], role="img")["aria-label"].endswith("The table has it.")
    figures = one(body, className="analytics-figures")
    assert [text(figure) for figure in figures["children"]] == [
        "runs4",
        "succeeded75.0 %",
        "failed1",
        "duration p501.00 s",
        "duration p952.00 s",
        "duration p993.00 s",
    ]
    assert one(panels[-1]["children"], href="/runs/r1")["children"] == "(empty)"


def test_a_table_of_very_many_rows_has_those_with_most_behind_them() -> None:
    many = tuple(worked(f"tool{n:04}", count=n) for n in range(1, 900))
    table = analytics.worked_table("tools", replace(EMPTY, tools=many), link)
    rows = one(table, type="Tbody")["children"]
    names = [find(row, type="A")[0]["children"] for row in rows]
    assert (len(rows), names[0], names[-1]) == (analytics.MOST, "tool0800", "tool0899")
    assert "the 100 with most behind them, of 899: the file has all" in text(table)


def test_what_was_not_measured_is_said() -> None:
    found = Analysis(
        runs={RunStatus.QUEUED: 1},
        latency=Spread(),
        periods=(period(9, queued=1),),
        steps=(),
        tools=(),
        models=(),
        slowest=(),
    )
    body = drawn(found)
    assert len(find(body, className="analytics-chart")) == 1
    assert text(body).count("Nothing was measured.") == 6
    assert "No run has ended." in text(body)


def test_spans_and_the_line_beside_them() -> None:
    links = analytics.spans("7d", {name: f"/{name}" for name in analytics.SPANS})
    assert [text(one) for one in links] == ["24 h", "7 days", "30 days", "all"]
    assert len(find(links, aria_current="true")) == 1
    now = datetime(2026, 1, 31, 9, 8, 7)
    part = parse_part("tool:failed:x")
    assert analytics.note(None, now) == "as of 09:08:07"
    assert analytics.note(part, now).startswith("only runs in which a call of x failed")
