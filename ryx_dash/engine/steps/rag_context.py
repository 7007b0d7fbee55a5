"""Step 6: the passages of the workspace that answer best."""

from ryx_dash.engine.context import Context, Done, Reporter
from ryx_dash.engine.evidence import from_passages
from ryx_dash.engine.markdown import code_span
from ryx_dash.engine.retrieval.query import Passage
from ryx_dash.engine.terms import telling_words
from ryx_dash.engine.wording import count
from ryx_dash.protocol.events import JsonObject

LIMIT = 6


async def run(context: Context, report: Reporter) -> Done:
    """Bring the index up to date, and search it."""
    if context.intent.small_talk:
        context.searched = "It reads as small talk, so nothing was searched."
        return Done("Small talk needs no passages", {"skipped": True})
    parts = context.parts

    async def progress(done: int, total: int) -> None:
        await report.progress(f"Indexed {done:,} of {total:,} files", done=done, total=total)

    stats = await parts.retrieval.refresh(progress, parts.limits.indexing)
    passages = await parts.retrieval.search(context.text, LIMIT)
    context.excerpts = from_passages(passages)
    asked = ", ".join(map(code_span, telling_words(context.text)))
    context.searched = f"Nothing in {count(stats.files, 'file')} speaks of {asked}."
    found = len({passage.path for passage in passages})
    message = f"{count(len(passages), 'passage')} from {count(found, 'file')}"
    if not stats.complete:
        rest = "the index is not complete yet: the next run goes on with it"
        message += f"; {rest}"
        context.searched += f" Not all were looked through; {rest}."
    return Done(
        message,
        {
            "hits": [_hit(passage) for passage in passages],
            "files": stats.files,
            "chunks": stats.chunks,
            "complete": stats.complete,
        },
    )


def _hit(passage: Passage) -> JsonObject:
    return {
        "path": passage.path,
        "start": passage.start,
        "end": passage.end,
        "line": passage.line,
        "score": passage.score,
        "text": passage.text,
    }
