import logging
from itertools import count
from typing import cast

import anyio
import pytest

from ryx_dash.engine.context import Context, Done, Parts, Reporter
from ryx_dash.engine.driver import STARTING, Driver, Plan
from ryx_dash.engine.limits import Limits
from ryx_dash.errors import LogFull, StepFailed, Transient
from ryx_dash.protocol.events import Draft
from ryx_dash.protocol.executor import Request
from ryx_dash.protocol.steps import INPUT, INTENT, STEPS
from tests.engine.runs import FAST, Recorder


async def works(context: Context, report: Reporter) -> Done:
    context.response += "."
    return Done("fine", {"a": 1})


def fails(*errors: Exception):  # type: ignore[no-untyped-def]
    left = list(errors)

    async def work(context: Context, report: Reporter) -> Done:
        if left:
            raise left.pop(0)
        return Done("fine at last")

    return work


async def waits(context: Context, report: Reporter) -> Done:
    await anyio.sleep_forever()
    raise AssertionError


async def drive(plan: Plan, limits: Limits = FAST) -> Recorder:
    recorder = Recorder()
    ticks = count(step=0.25)
    context = Context(request=Request(run_id="r", input="x"), parts=cast(Parts, None))
    await Driver(recorder, limits, clock=lambda: next(ticks)).drive(plan, context)
    return recorder


async def test_steps_run_in_order_and_are_measured() -> None:
    recorder = await drive([(INPUT, works), (INTENT, works)])
    assert [(e.event, e.step, e.message, e.latency) for e in recorder.events] == [
        ("step_start", "input_reception", "Processing input...", None),
        ("step_complete", "input_reception", "fine", 250),
        ("step_start", "intent_detection", "Detecting the intent...", None),
        ("step_complete", "intent_detection", "fine", 250),
        ("workflow_complete", "", "Completed", 1250),
    ]
    assert recorder.last.data == {"response": "..", "citations": []}


def test_every_step_says_what_it_starts() -> None:
    assert list(STARTING) == list(STEPS)


async def test_a_failed_step_ends_the_run() -> None:
    recorder = await drive([(INPUT, fails(StepFailed("It is broken."))), (INTENT, works)])
    assert [(e.event, e.message) for e in recorder.events[1:]] == [
        ("step_error", "It is broken."),
        ("workflow_error", "It is broken."),
    ]
    assert recorder.last.data == {"code": "step_failed", "step": "input_reception"}
    assert all(event.latency for event in recorder.events[1:])


async def test_a_fault_that_passes_is_seen_and_survived() -> None:
    recorder = await drive([(INPUT, fails(Transient("Busy."), Transient("Busy.")))])
    assert [e.data for e in recorder.of("step_progress")] == [
        {"attempt": 2, "warning": True, "reason": "Busy."},
        {"attempt": 3, "warning": True, "reason": "Busy."},
    ]
    assert recorder.last.event == "workflow_complete"


async def test_an_unforeseen_error_is_named_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        recorder = await drive([(INPUT, fails(KeyError("secret")))])
    assert (
        recorder.last.message == "Input failed unexpectedly (KeyError); the server's log has more."
    )
    assert caplog.records[0].exc_info


async def test_a_step_has_a_limit() -> None:
    recorder = await drive([(INPUT, waits)], Limits(step=0.01))
    assert recorder.last.message == "Input took longer than 0.01 s."
    assert recorder.last.data["code"] == "step_failed"


async def test_a_run_has_a_limit() -> None:
    recorder = await drive([(INPUT, works), (INTENT, waits)], Limits(run=0.05))
    assert [e.event for e in recorder.events[-2:]] == ["step_error", "workflow_error"]
    assert recorder.last.message == "The run's limit of 0.05 s was reached."
    assert recorder.last.data == {"code": "run_timeout", "step": "intent_detection"}


async def test_errors_in_groups_are_understood() -> None:
    group = ExceptionGroup("", [ExceptionGroup("", [StepFailed("Inside.")])])
    recorder = await drive([(INPUT, fails(group))])
    assert recorder.last.message == "Inside."


@pytest.mark.parametrize("error", [LogFull("Full."), ExceptionGroup("", [LogFull("Full.")])])
async def test_an_error_of_the_log_passes(error: Exception) -> None:
    with pytest.raises(LogFull):
        await drive([(INPUT, fails(error))])


async def test_a_log_that_fails_at_once_passes() -> None:
    async def emit(*drafts: Draft) -> None:
        raise LogFull("Full.")

    context = Context(request=Request(run_id="r", input="x"), parts=cast(Parts, None))
    with pytest.raises(LogFull):
        await Driver(emit, FAST).drive([(INPUT, works)], context)
