"""The monitor's part of the page: which rows, on which page, and how many are hidden."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any, TypeGuard

from ryx_dash.callbacks import frame as read
from ryx_dash.log.base import EventLog, RowFilter, RowPage
from ryx_dash.projection.nodes import CALL_PREFIX
from ryx_dash.projection.state import NodeState, RunState
from ryx_dash.views.monitor import PAGE_SIZE

ASCENDING: read.Sort = (("seq", "asc"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the monitor. ``page`` counts from 0 and is held within ``pages``."""

    rows: RowPage
    page: int
    pages: int
    narrowed: bool
    """Whether the person's filters, and not only the hidden tokens, choose the rows."""
    only: str = ""
    """The selected step or call whose events alone are shown, in words."""

    @property
    def key(self) -> str:
        """Equal for two pages with the same events in the same order."""
        return _digest([event.seq for event in self.rows.events])


def where(asked: Mapping[str, Any], state: RunState) -> RowFilter:
    """The filter that the page's controls ask for. A selected node goes before the step filter."""
    selected, node = _selected(asked, state)
    steps = read.parse_choice(asked["steps"])
    call_id = None
    if node is not None and node.parent is not None:
        steps, call_id = frozenset(), node.node.removeprefix(CALL_PREFIX)
    elif node is not None:
        steps = frozenset({node.step})
    elif _is_older(selected, state):
        steps, call_id = frozenset(), selected.removeprefix(CALL_PREFIX)
    return RowFilter(
        after=read.parse_mark(asked["cleared"], state.run_id) or 0,
        upto=state.seq,
        steps=steps,
        levels=read.parse_choice(asked["level"]),
        call_id=call_id,
        text=read.parse_search(asked["text"]),
        tokens=asked["tokens"] is True,
    )


def page(log: EventLog, state: RunState, asked: Mapping[str, Any], *, sorted_as: str) -> Page:
    """The rows to show: the newest page while following, else the one that was turned to.

    ``sorted_as`` is the key of the order that the page shows; another order begins at its top.
    """
    chosen = where(asked, state)
    sort = read.parse_sort(asked["sort"])
    following = read.parse_follow(asked["follow"]) is None and sort in ((), ASCENDING)
    number = read.parse_page(asked["page"]) if sort_key(asked) == sorted_as else 0
    offset = -PAGE_SIZE if following else number * PAGE_SIZE
    rows = log.rows(state.run_id, chosen, sort=sort, offset=offset, limit=PAGE_SIZE)
    pages = max(1, -(-rows.total // PAGE_SIZE))
    if number >= pages and not following:
        offset = (pages - 1) * PAGE_SIZE
        rows = log.rows(state.run_id, chosen, sort=sort, offset=offset, limit=PAGE_SIZE)
    narrowed = bool(chosen.steps or chosen.levels or chosen.call_id or chosen.text)
    number = pages - 1 if following else min(number, pages - 1)
    return Page(rows=rows, page=number, pages=pages, narrowed=narrowed, only=_only(asked, state))


def _selected(asked: Mapping[str, Any], state: RunState) -> tuple[str | None, NodeState | None]:
    """The id of the selected node, and the node, if the state knows it."""
    selected = read.parse_selected(asked["selected"])
    return selected, next((node for node in state.nodes if node.node == selected), None)


def _only(asked: Mapping[str, Any], state: RunState) -> str:
    """The selected step or call in words; empty without one."""
    selected, node = _selected(asked, state)
    if node is not None:
        return f"{'step' if node.parent is None else 'a call of'} {node.label}"
    return "a call" if _is_older(selected, state) else ""


def _is_older(selected: str | None, state: RunState) -> TypeGuard[str]:
    """Whether a call is selected that the state may have known before others took its place."""
    older = state.calls_made > len(state.calls)
    return older and selected is not None and selected.startswith(CALL_PREFIX)


def asked_key(asked: Mapping[str, Any]) -> str:
    """Equal when what is drawn looks the same: the same selection, times in the same zone."""
    return _digest([read.parse_selected(asked["selected"]), read.parse_zone(asked["zone"]).key])


def sort_key(asked: Mapping[str, Any]) -> str:
    """Equal for the same order of rows; empty for the order in which things happened."""
    return " ".join(part for order in read.parse_sort(asked["sort"]) for part in order)


def _digest(values: list[Any]) -> str:
    return blake2s(repr(values).encode(), digest_size=8).hexdigest()
