"""The inspector: input, output, times and raw text of one step, tool call or event."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from dash import dcc, html

from ryx_dash.projection.inspection import Inspection, Part
from ryx_dash.projection.rows import clock
from ryx_dash.projection.state import Span
from ryx_dash.projection.text import between, format_count, format_latency
from ryx_dash.views import ids
from ryx_dash.views.marks import LEVELS, badge
from ryx_dash.views.payload import FORMS, Form, draw

MESSAGE = 2_000
"""Characters of a message above the payloads; the whole of it is a payload itself."""

MOST_NOTES = 20


def panel() -> Any:
    """The inspector, closed; the client-side layer opens it and asks for what it shows."""
    return html.Aside(
        [
            html.Div(
                [
                    html.H2("Inspector"),
                    html.Div(
                        [_form_button(form) for form in FORMS],
                        className="forms",
                        role="group",
                        **{"aria-label": "Payloads as"},
                    ),
                    html.Div(
                        [
                            html.Button(
                                "link",
                                id=ids.INSPECTOR_LINK,
                                className="button small copy-button",
                                title="Copy the link to this, at this moment of the run",
                                **{"data-copy": ""},
                            ),
                            html.Button(
                                "×",
                                id=ids.INSPECTOR_CLOSE,
                                className="button small",
                                title="Close (esc)",
                                n_clicks=0,
                                **{"aria-label": "Close the inspector"},
                            ),
                        ],
                        className="end",
                    ),
                ],
                className="panel-head",
            ),
            _search(),
            html.Div(
                [
                    html.Div(id=ids.INSPECTOR_HEAD, className="inspected"),
                    html.Div(id=ids.INSPECTOR_BODY, className="parts"),
                ],
                id=ids.INSPECTOR_SCROLL,
                className="panel-body padded",
                tabIndex="0",
            ),
        ],
        id=ids.INSPECTOR,
        className="panel inspector",
        tabIndex="-1",
        hidden=True,
        **{"aria-label": "Inspector", "data-waiting": "no"},
    )


def head(found: Inspection, zone: ZoneInfo, *, now: str | None) -> list[Any]:
    """Title and facts. Times are in ``zone``; what still runs is measured up to ``now``."""
    mark = badge(found.status) if found.status else _level(found.level)
    parts = [html.Div([mark, html.H3(found.title, dir="auto")], className="title")]
    if found.missing:
        return [*parts, html.P(found.missing, className="quiet")]
    if found.error:
        parts.append(html.P(found.error[:MESSAGE], className="card-error", dir="auto"))
    if found.message:
        parts.append(html.P(found.message[:MESSAGE], className="inspected-message", dir="auto"))
    facts = [part for name, value in _facts(found, zone, now) for part in _fact(name, value)]
    parts.append(html.Dl(facts))
    if found.attempts:
        parts.append(_attempts(found.attempts, zone, now))
    return parts


def body(found: Inspection, run_id: str, form: Form, *, whole: bool) -> list[Any]:
    """The payloads, each under its name; ``whole``: not only the first part of a long one."""
    parts = list(found.parts)
    if len(found.message) > MESSAGE:
        parts.insert(0, Part(name="message", value=found.message))
    if not parts and not found.missing:
        return [html.P("It carries no payload.", className="quiet")]
    return [_part(n, part, run_id, form, whole) for n, part in enumerate(parts)]


# -- facts ----------------------------------------------------------------------------------------


def _facts(found: Inspection, zone: ZoneInfo, now: str | None) -> Iterator[tuple[str, Any]]:
    yield from found.names
    if found.started:
        yield ("time" if found.level else "started"), _time(found.started, zone)
    if found.ended:
        yield "ended", _time(found.ended, zone)
    if found.status == "running":
        yield "so far", format_latency(between(found.started, now))
    elif found.latency is not None:
        yield "took", format_latency(found.latency)
    if found.inferred:
        yield "not said by the backend", ", ".join(found.inferred[:MOST_NOTES])
    for note in found.notes[:MOST_NOTES]:
        yield "replaced", note


def _fact(name: str, value: Any) -> list[Any]:
    return [html.Dt(name), html.Dd(value, dir="auto")] if value else []


def _time(ts: str, zone: ZoneInfo) -> Any:
    return html.Time(clock(ts, zone), dateTime=ts, title=f"{ts} (UTC); shown in {zone.key}")


def _level(level: str) -> Any:
    if level not in LEVELS:
        return None
    shown = LEVELS[level]
    return html.Span(
        [html.Span(shown.icon, **{"aria-hidden": "true"}), html.Span(shown.word)],
        className="level",
        **{"data-level": level},
    )


def _attempts(spans: tuple[Span, ...], zone: ZoneInfo, now: str | None) -> Any:
    names = ("Try", "Status", "Started", "First token", "Took")
    rows = [html.Tr([html.Td(cell) for cell in _attempt(span, zone, now)]) for span in spans]
    return html.Table(
        [html.Thead(html.Tr([html.Th(name, scope="col") for name in names])), html.Tbody(rows)],
        className="attempts",
    )


def _attempt(span: Span, zone: ZoneInfo, now: str | None) -> tuple[Any, ...]:
    return (
        str(span.attempt),
        badge(span.status),
        _time(span.start, zone),
        format_latency(between(span.start, span.first)) if span.first else "",
        format_latency(between(span.start, span.end or now)),
    )


# -- payloads -------------------------------------------------------------------------------------


def _part(number: int, part: Part, run_id: str, form: Form, whole: bool) -> Any:
    shown = draw(part.value, form, whole=whole)
    place = f"{ids.INSPECTOR_BODY}-{number}"
    return html.Section(
        [
            html.Div(
                [
                    html.H4(part.name),
                    html.Span(f"from {part.of}", className="quiet", hidden=not part.of),
                    _event_button(part.seq),
                    html.Div([*_download(part.seq, run_id), _copy(place)], className="end"),
                ],
                className="part-head",
            ),
            html.Div(shown.content, id=place, className="payload"),
            *([_cut(shown.cut, part.seq, more=shown.more)] if shown.cut else []),
        ],
        className="part",
        **{"data-part": part.name},
    )


def _event_button(seq: int | None) -> Any:
    if seq is None:
        return html.Span()
    attributes: Mapping[str, str] = {"data-inspect": f"event:{seq}"}
    return html.Button(
        f"event {format_count(seq)}", className="plain-link", title="Inspect it", **attributes
    )


def _download(seq: int | None, run_id: str) -> list[Any]:
    if seq is None:
        return []
    return [
        html.A(
            "download",
            href=f"/api/runs/{quote(run_id, safe='')}/events?after={seq - 1}&limit=1",
            download=f"ryx-run-{run_id}-event-{seq}.json",
            className="button small",
            title="The whole event as JSON",
        )
    ]


def _copy(place: str) -> Any:
    return html.Button(
        "copy",
        className="button small copy-button",
        title="Copy what is shown",
        **{"data-copy-target": place},
    )


def _cut(words: str, seq: int | None, *, more: bool) -> Any:
    rest = (
        "" if more else " The rest is in the download." if seq else " The answer's panel has all."
    )
    show = html.Button(
        "show all", className="button small show-whole", title="Show the whole payloads"
    )
    return html.P([words + rest, *([show] if more else [])], className="quiet small part-cut")


def _search() -> Any:
    return html.Div(
        [
            html.Label("Search in it", htmlFor=ids.INSPECTOR_SEARCH, className="sr-only"),
            dcc.Input(
                id=ids.INSPECTOR_SEARCH,
                type="search",
                value="",
                placeholder="search in it",
                maxLength=200,
                className="filter-text",
            ),
            html.Span(id=ids.INSPECTOR_HITS, className="data quiet", role="status"),
            _step_button(ids.INSPECTOR_PREVIOUS, "↑", "Previous hit (shift enter)"),
            _step_button(ids.INSPECTOR_NEXT, "↓", "Next hit (enter)"),
        ],
        className="inspector-search",
        role="search",
    )


def _step_button(key: str, text: str, title: str) -> Any:
    return html.Button(text, id=key, className="button small", title=title, n_clicks=0)


def _form_button(form: Form) -> Any:
    return html.Button(
        {"json": "JSON"}.get(form, form),
        id=f"{ids.INSPECTOR}-as-{form}",
        className="tab",
        title=f"Payloads as {form}",
        n_clicks=0,
        **{"data-form": form, "aria-pressed": "true" if form == "json" else "false"},
    )
