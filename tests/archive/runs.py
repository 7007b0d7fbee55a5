"""A run that has a bit of everything, and what tries to break out of a page."""

from ryx_dash.log.base import EventLog, NewRun, Run
from ryx_dash.protocol.events import Draft, EventKind, now, step_event
from ryx_dash.protocol.steps import EXECUTE, INPUT, LLM, OUTPUT, STEPS

EVIL = "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=2'> @@data@@"

ANSWER = "It is **7421**, see `notes.md:3`.\n\n```python\nprint('<b>')\n```"


def drafts(text: str = "What is the code?", answer: str = ANSWER) -> list[Draft]:
    """The events of a run that succeeds, with two calls and a streamed answer."""
    calls = [
        ("a", "search_local", {"query": EVIL}, True),
        ("b", "read_file", {"path": "missing.md"}, False),
    ]
    made = [Draft(event=EventKind.WORKFLOW_START, message="Begins", data={"input": text})]
    for step in STEPS:
        made.append(step_event(EventKind.STEP_START, step, f"{step.label} begins"))
        if step is EXECUTE:
            for call_id, tool, args, good in calls:
                data = {"call_id": call_id, "tool": tool}
                made.append(
                    step_event(EventKind.TOOL_CALL, step, "calls", data={**data, "args": args})
                )
                done = {**data, "success": good, "output": {"text": EVIL} if good else None}
                made.append(step_event(EventKind.TOOL_RESULT, step, EVIL, data=done, latency=12.5))
        if step is LLM:
            for word in answer.split(" "):
                made.append(step_event(EventKind.LLM_TOKEN, step, "", data={"text": word + " "}))
        data = {"citations": [{"path": "notes.md", "line": 3, "verified": True}]}
        made.append(
            step_event(
                EventKind.STEP_COMPLETE,
                step,
                "=1+1" if step is INPUT else f"{step.label} done",
                latency=1.5,
                data=data if step is OUTPUT else {},
            )
        )
    end = Draft(event=EventKind.WORKFLOW_COMPLETE, message="Done", data={"response": answer})
    return [*made, end]


def recorded(
    log: EventLog, text: str = "What is the code?", made: list[Draft] | None = None
) -> Run:
    """A run in the log, with these events or those of :func:`drafts`."""
    log.start(NewRun(input=text, model="small:3b"))
    run = log.claim("me", at_once=99, lease_seconds=1e6)
    assert run is not None
    made = drafts(text) if made is None else made
    return log.append(run.lease, [d.at(run.run_id, n, now()) for n, d in enumerate(made, 1)])
