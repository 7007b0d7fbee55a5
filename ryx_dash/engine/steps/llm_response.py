"""Step 7: the answer, written by the model, or quoted from the files where there is none."""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import anyio

from ryx_dash.engine import extractive, prompt
from ryx_dash.engine.context import CallResult, Context, Done, Reporter
from ryx_dash.engine.evidence import beyond, from_output, named_files, web_pages
from ryx_dash.engine.gather import Gatherer
from ryx_dash.engine.llm import End, Llm
from ryx_dash.engine.terms import fold, telling_words
from ryx_dash.engine.threads import run_stoppable
from ryx_dash.engine.tool_rules import named_paths
from ryx_dash.engine.wording import count
from ryx_dash.errors import RyxError, StepFailed, Transient
from ryx_dash.protocol.events import JsonObject

MAX_NAMES = 10
MAX_PAGES = 3
FILE_TOOLS = ("search_local", "read_file")


async def run(context: Context, report: Reporter) -> Done:
    """Answer the query."""
    if context.choice.model is None:
        return await _quote(context, report)
    return await _write(context, report, context.choice.model)


async def _write(context: Context, report: Reporter, model: str) -> Done:
    answer = await _stream(context.parts.llm, model, _messages(context), context, report)
    context.answer = "".join(answer.pieces)
    data: JsonObject = {"model": model, "extractive": False, **answer.data()}
    tokens, speed = data["completion_tokens"], data["tokens_per_second"]
    message = model if tokens is None else f"{model}, {count(tokens, 'token')}"
    message += "" if speed is None else f", {speed} tokens/s"
    if answer.end.reason == "length":
        message += "; cut at the model's limit"
    return Done(message, data)


def _messages(context: Context) -> prompt.Messages:
    if context.calls_by_model and context.results:
        turns = [_turn(result) for result in context.results]
        return prompt.for_answer_after(turns, context.text, context.excerpts)
    others = [r.output for r in context.results if r.success and r.call.tool not in FILE_TOOLS]
    read = context.shown_by("read_file")
    hits = beyond([*context.excerpts, *read], context.shown_by("search_local"))
    return prompt.for_answer(
        context.text,
        context.intent,
        read=read,
        passages=[*context.excerpts, *hits],
        others=others,
    )


def _turn(result: CallResult) -> prompt.Turn:
    return prompt.Turn(
        call_id=result.call.call_id,
        tool=result.call.tool,
        args=result.call.args,
        excerpts=from_output(result.call.tool, result.output),
        rest=result.error or json.dumps(result.output, ensure_ascii=False, default=str),
    )


@dataclass(slots=True)
class _Answer:
    """What came of the stream, and when (seconds of one clock)."""

    asked: float
    pieces: list[str] = field(default_factory=list)
    end: End = field(default_factory=End)
    first: float | None = None
    last: float = 0.0

    def data(self) -> JsonObject:
        """The figures of the step; ``null`` where the server tells none."""
        tokens, first = self.end.completion_tokens, self.first or self.last
        took = self.last - first
        return {
            "prompt_tokens": self.end.prompt_tokens,
            "completion_tokens": tokens,
            "time_to_first_token": round((first - self.asked) * 1000, 3),
            "tokens_per_second": round(tokens / took, 1) if tokens and took > 0 else None,
            "finish_reason": self.end.reason,
        }


async def _stream(
    llm: Llm, model: str, messages: prompt.Messages, context: Context, report: Reporter
) -> _Answer:
    """Stream the answer into ``llm_token`` events.

    Raises ``Transient`` only while nothing was shown: a second try would repeat the text.
    """
    answer = _Answer(time.perf_counter())
    gatherer = Gatherer(report.token, context.parts.limits.gather)
    failure: RyxError | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(gatherer.run)
        try:
            await _receive(llm, model, messages, answer, gatherer.add)
        except RyxError as error:  # outside the group it would be wrapped
            failure = error
        finally:
            gatherer.close()
    if failure and answer.pieces:
        length = sum(map(len, answer.pieces))
        raise StepFailed(f"The answer broke off after {length:,} characters: {failure.message}")
    if failure:
        raise failure
    if not "".join(answer.pieces).strip():
        raise (StepFailed if answer.pieces else Transient)(f"{model} answered with nothing.")
    return answer


async def _receive(
    llm: Llm,
    model: str,
    messages: prompt.Messages,
    answer: _Answer,
    add: Callable[[str], None],
) -> None:
    async with aclosing(llm.stream(model, messages)) as pieces:
        async for piece in pieces:
            answer.last = time.perf_counter()
            if isinstance(piece, End):
                answer.end = piece
                continue
            answer.first = answer.first or answer.last
            answer.pieces.append(piece.text)
            add(piece.text)


async def _quote(context: Context, report: Reporter) -> Done:
    """Answer with passages, word for word."""
    quotes = await run_stoppable(lambda _: _quotes(context))
    paragraphs = extractive.answer(_findings(context, quotes))
    for number, paragraph in enumerate(paragraphs):
        await report.token(paragraph if number == 0 else f"\n\n{paragraph}")
    context.answer = "\n\n".join(paragraphs)
    figures = ("prompt_tokens", "completion_tokens", "time_to_first_token", "tokens_per_second")
    return Done(
        f"No model; {count(len(quotes), 'quote')} from the files",
        {"model": None, "extractive": True, "quotes": len(quotes), **dict.fromkeys(figures)},
    )


def _findings(context: Context, quotes: Sequence[extractive.Quote]) -> extractive.Findings:
    outputs = [(result.call.tool, result.output) for result in context.results if result.success]
    files = [path for tool, output in outputs for path in named_files(tool, output)]
    pages = [page for tool, output in outputs for page in web_pages(tool, output)]
    return extractive.Findings(
        no_model=context.no_model,
        quotes=quotes,
        files=files[:MAX_NAMES],
        pages=pages[:MAX_PAGES],
        failures=[result.error for result in context.results if result.error],
        searched=context.searched,
    )


def _quotes(context: Context) -> list[extractive.Quote]:
    """What answers the query's words; the beginning of a file that was only to be read."""
    read = context.shown_by("read_file")
    text = context.text
    for named in named_paths(text) if read else ():
        text = text.replace(named.path, " ")
    wanted = [fold(word) for word in telling_words(text, any_words=not read)]
    found = [*context.excerpts, *context.shown_by("search_local"), *read]
    return extractive.best_quotes(wanted, found) or extractive.beginnings(read)
