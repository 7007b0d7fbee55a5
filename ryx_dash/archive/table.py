"""A run's events, or a chart, as CSV for a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from ryx_dash.projection.charts import Table
from ryx_dash.protocol.codec import encode
from ryx_dash.protocol.events import Event, level

COLUMNS = ("seq", "ts", "event", "step", "node", "level", "message", "latency", "data")

_FORMULA = (*"=+-@", *"\t\r\n", *"\uff1d\uff0b\uff0d\uff20")
"""What makes a spreadsheet run a cell instead of showing it; full-width in Japanese ones."""


def lines(events: Iterable[Event]) -> Iterator[str]:
    """The table, line by line with their ends; ``latency`` is milliseconds, ``data`` JSON."""
    yield _line(COLUMNS)
    for event in events:
        payload = json.loads(encode(event))  # what JSON cannot hold is already replaced there
        data = json.dumps(payload["data"], ensure_ascii=False)
        latency = "" if event.latency is None else f"{event.latency:.15g}"
        texts = (event.event, event.step, event.node, level(event.event, event.data))
        yield _line((event.seq, event.ts, *map(_text, (*texts, payload["message"])), latency, data))


def chart_lines(chart: Table) -> Iterator[str]:
    """A chart's table in the same way; the head has the units, what is not known is empty."""
    yield _line(f"{c.name} ({c.unit})" if c.unit else c.name for c in chart.columns)
    for row in chart.rows:
        yield _line(_text(cell) if isinstance(cell, str) else cell for cell in row)


def _text(text: str) -> str:
    """A text that a spreadsheet shows: an apostrophe keeps it from being a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
