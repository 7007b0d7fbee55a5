"""Step 4: the tools to call, chosen by the model, or by rules where there is none."""

from collections.abc import Iterable, Mapping

from ryx_dash.engine.context import Context, Done, Reporter
from ryx_dash.engine.llm import AskedCall, ToolsRefused
from ryx_dash.engine.prompt import as_functions, for_tools
from ryx_dash.engine.threads import run_stoppable
from ryx_dash.engine.tool_args import parse
from ryx_dash.engine.tool_rules import Planned, by_rules
from ryx_dash.engine.tools.base import Tool
from ryx_dash.protocol.events import JsonObject

MAX_CALLS = 8
"""More calls than this are dropped, and named."""


async def run(context: Context, report: Reporter) -> Done:
    """Choose the calls. A model that takes no tools leaves the choice to the rules."""
    model = context.choice.model
    if model is None:
        return _done(context, await _ask_rules(context), "rules", {})
    try:
        asked = await _ask_model(context, model)
    except ToolsRefused as refusal:
        note = f"{model} takes no tools: {refusal.message}"
        await report.progress(note, warning=True, reason=refusal.message)
        return _done(context, await _ask_rules(context), "rules", {"refused": refusal.message})
    calls, dropped = sift(asked, context.parts.tools, model)
    return _done(context, calls, "model", {"dropped": dropped} if dropped else {})


def sift(
    asked: Iterable[AskedCall], tools: Mapping[str, Tool], model: str
) -> tuple[tuple[Planned, ...], list[JsonObject]]:
    """The calls that can be made, and ``{tool, reason}`` of each that can't."""
    calls: list[Planned] = []
    dropped: list[JsonObject] = []
    for call in asked:
        try:
            args = _checked(call, tools)
            if len(calls) == MAX_CALLS:
                raise ValueError(f"it is one more than the {MAX_CALLS} calls of a run")
        except ValueError as problem:
            dropped.append({"tool": call.tool[:100], "reason": str(problem)})
        else:
            why = f"chosen by {model}"
            number = len(calls) + 1
            calls.append(Planned(call_id=f"call-{number}", tool=call.tool, args=args, why=why))
    return tuple(calls), dropped


def _checked(call: AskedCall, tools: Mapping[str, Tool]) -> JsonObject:
    if call.tool not in tools:
        raise ValueError(f"no such tool; there are {', '.join(tools)}")
    return parse(call.arguments, tools[call.tool].spec.parameters)


async def _ask_model(context: Context, model: str) -> list[AskedCall]:
    specs = [tool.spec for tool in context.parts.tools.values()]
    functions = as_functions((spec.name, spec.description, spec.parameters) for spec in specs)
    return await context.parts.llm.choose_tools(model, for_tools(context.text), functions)


async def _ask_rules(context: Context) -> tuple[Planned, ...]:
    parts = context.parts
    return await run_stoppable(
        lambda _: by_rules(context.text, context.intent, parts.tools.keys(), parts.exists)
    )


def _done(
    context: Context, calls: tuple[Planned, ...], selected_by: str, further: JsonObject
) -> Done:
    context.calls = calls
    context.calls_by_model = selected_by == "model"
    names = ", ".join(dict.fromkeys(call.tool for call in calls)) or "no tool"
    ignored = f"; {len(further['dropped'])} dropped" if "dropped" in further else ""
    listed = [
        {"call_id": call.call_id, "tool": call.tool, "args": call.args, "why": call.why}
        for call in calls
    ]
    return Done(
        f"{names} chosen by {selected_by}{ignored}",
        {"calls": listed, "selected_by": selected_by, **further},
    )
