"""What a request's query string asks for, read with one sentence for each thing that is wrong.

Every function raises :class:`errors.ProtocolError` with the code ``bad_parameter``.
"""

from starlette.requests import Request

from ryx_dash.errors import ProtocolError
from ryx_dash.log.base import RunFilter
from ryx_dash.protocol.analysis import Part, parse_part
from ryx_dash.protocol.steps import RunStatus


def number(request: Request, name: str, default: int, *, least: int, most: int) -> int:
    """A whole number; ``default`` if it is not given."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > 12 or not least <= int(text) <= most:
        raise ProtocolError(
            f"{name}: {text[:40]!r} is not a whole number from {least} to {most}.",
            code="bad_parameter",
        )
    return int(text)


def run_filter(request: Request) -> RunFilter:
    """Which runs are asked for, their status aside."""
    query = request.query_params
    return RunFilter(
        models=_one(query.get("model")),
        intents=_one(query.get("intent")),
        tools=_one(query.get("tool")),
        since=query.get("since", ""),
        until=query.get("until", ""),
        shortest=_milliseconds(request, "shortest"),
        longest=_milliseconds(request, "longest"),
        text=query.get("text", ""),
        part=_part(query.get("part")),
    )


def statuses(text: str | None) -> frozenset[RunStatus]:
    """Any number of statuses, comma-separated."""
    found = (status(name) for name in (text or "").split(","))
    return frozenset(one for one in found if one is not None)


def status(text: str | None) -> RunStatus | None:
    """One status, if any."""
    if not text:
        return None
    try:
        return RunStatus(text)
    except ValueError:
        known = ", ".join(RunStatus)
        raise ProtocolError(
            f"status: {text[:40]!r} is none of {known}.", code="bad_parameter"
        ) from None


def _part(text: str | None) -> Part | None:
    part = parse_part(text) if text else None
    if text and part is None:
        raise ProtocolError(
            f"part: {text[:80]!r} is none. It is like step:1000-3000:llm_response, "
            "tool:failed:read_file, tool::read_file or first:800-:qwen2.5:3b.",
            code="bad_parameter",
        )
    return part


def _one(value: str | None) -> frozenset[str]:
    return frozenset({value}) if value else frozenset()


def _milliseconds(request: Request, name: str) -> int | None:
    if name not in request.query_params:
        return None
    return number(request, name, 0, least=0, most=10**11)
