from collections.abc import Awaitable, Callable
from typing import Any, cast

from ryx_dash.engine.context import Context, Done, Parts, Reporter
from ryx_dash.engine.intent import classify
from ryx_dash.engine.limits import Limits
from ryx_dash.engine.retrieval.index import IndexStats
from ryx_dash.engine.retrieval.query import Passage
from ryx_dash.engine.steps import rag_context
from ryx_dash.protocol.executor import Request
from ryx_dash.protocol.steps import RAG
from tests.engine.runs import Recorder


class ScriptedRetrieval:
    """An index with given passages; remembers what it was asked."""

    def __init__(self, stats: IndexStats, *passages: Passage) -> None:
        self.stats, self.passages = stats, passages
        self.asked: list[Any] = []

    async def refresh(
        self, progress: Callable[[int, int], Awaitable[None]], budget: float
    ) -> IndexStats:
        self.asked.append(budget)
        await progress(1200, 20000)
        return self.stats

    async def search(self, query: str, limit: int) -> list[Passage]:
        self.asked.append((query, limit))
        return list(self.passages)


async def run(text: str, retrieval: ScriptedRetrieval) -> tuple[Done, Context, Recorder]:
    parts = Parts(
        llm=cast(Any, None),
        catalogue=cast(Any, None),
        tools={},
        retrieval=cast(Any, retrieval),
        exists=lambda path: False,
        limits=Limits(indexing=7),
    )
    context = Context(request=Request(run_id="r", input=text), parts=parts)
    context.text, context.intent = text, classify(text)
    recorder = Recorder()
    return await rag_context.run(context, Reporter(RAG, recorder)), context, recorder


def passage(path: str, score: float) -> Passage:
    return Passage(path=path, start=1, end=2, line=2, score=score, text="a\nb")


async def test_passages_are_reported_and_kept() -> None:
    retrieval = ScriptedRetrieval(IndexStats(2, 5), passage("a", 4.0), passage("a", 2.0))
    done, context, recorder = await run("Where is it, Zephyr?", retrieval)
    assert retrieval.asked == [7, ("Where is it, Zephyr?", 6)]
    assert done.message == "2 passages from 1 file"
    assert (done.data["files"], done.data["chunks"], done.data["complete"]) == (2, 5, True)
    assert done.data["hits"][0] == {
        "path": "a",
        "start": 1,
        "end": 2,
        "line": 2,
        "score": 4.0,
        "text": "a\nb",
    }
    assert [excerpt.score for excerpt in context.excerpts] == [1.0, 0.5]
    [progress] = recorder.of("step_progress")
    assert progress.data == {"done": 1200, "total": 20000}
    assert progress.message == "Indexed 1,200 of 20,000 files"


async def test_an_index_that_is_not_complete_says_so() -> None:
    retrieval = ScriptedRetrieval(IndexStats(900, 5000, complete=False))
    done, context, _ = await run("Where is Zephyr?", retrieval)
    assert done.message.startswith("0 passages from 0 files; the index is not complete yet")
    assert done.data["complete"] is False
    assert context.searched.startswith("Nothing in 900 files speaks of `Zephyr`. Not all were")


async def test_small_talk_asks_nothing() -> None:
    retrieval = ScriptedRetrieval(IndexStats(2, 5))
    done, _, recorder = await run("hello", retrieval)
    assert done.data == {"skipped": True}
    assert retrieval.asked == []
    assert recorder.events == []
