"""The server callback of the analytics page. It only reads, and nothing waits for it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2s
from typing import Any

from dash import Dash, Input, Output, State, no_update

from ryx_dash.callbacks import frame as read
from ryx_dash.callbacks.analytics_query import AnalyticsQuery, parse_analytics
from ryx_dash.callbacks.client import call
from ryx_dash.errors import LogError
from ryx_dash.log.analyst import Analyst
from ryx_dash.protocol.analysis import Analysis
from ryx_dash.views import analytics, analytics_ids, list_ids

OUTPUTS = {
    "body": Output(analytics_ids.BODY, "children"),
    "spans": Output(analytics_ids.SPANS, "children"),
    "note": Output(analytics_ids.NOTE, "children"),
    "clear": Output(analytics_ids.CLEAR, "hidden"),
    "shown": Output(analytics_ids.SHOWN, "data"),
}
INPUTS = {
    "search": Input(list_ids.LOCATION, "search"),
    "zone": Input(analytics_ids.ZONE, "data"),
    "tick": Input(analytics_ids.TICK, "n_intervals"),
    "shown": State(analytics_ids.SHOWN, "data"),
}


def register(app: Dash, analyst: Analyst) -> None:
    """Register the callbacks of the page ``/analytics``."""

    def draw(asked: Mapping[str, Any]) -> dict[str, Any]:
        if not asked["zone"]:  # the browser has not said yet where it is
            return dict.fromkeys(OUTPUTS, no_update)
        return dict.fromkeys(OUTPUTS, no_update) | answer(analyst, asked, datetime.now(UTC))

    app.callback(output=OUTPUTS, inputs={"asked": INPUTS})(draw)
    call(app, "browserZone", Output(analytics_ids.ZONE, "data"), Input(analytics_ids.SHOWN, "id"))
    for chart in analytics_ids.CHARTS:
        call(app, "analyticsPick", Input(chart, "clickData"))


def answer(analyst: Analyst, asked: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The views for what the page asks (the keys of :data:`INPUTS`); what stays is left out."""
    zone = read.parse_zone(asked["zone"])
    query = parse_analytics(asked["search"], zone, now)
    try:
        found = analyst.analyse(query.where, query.cut)
    except LogError as error:
        return {"body": analytics.failure(error.message), "shown": None}
    views: dict[str, Any] = {
        "spans": analytics.spans(query.span, {s: query.spanning(s) for s in analytics.SPANS}),
        "note": analytics.note(query.where.part, now.astimezone(zone), query.ignored),
        "clear": not (query.given or query.ignored),
    }
    key = _digest(found, query)
    if asked["shown"] != key:
        views |= {"shown": key, "body": _body(found, query, now)}
    return views


def _body(found: Analysis, query: AnalyticsQuery, now: datetime) -> list[Any]:
    if not found.total:
        return analytics.nothing(query.span, narrowed=query.narrowed)
    return analytics.body(
        found,
        zone=query.zone,
        today=now.astimezone(query.zone).date(),
        link=query.behind,
        files=query.file,
    )


def _digest(found: Analysis, query: AnalyticsQuery) -> str:
    """Equal for analyses that look the same."""
    told = repr((found, query.given, query.span, query.zone.key))
    return blake2s(told.encode(errors="replace"), digest_size=8).hexdigest()
