"""Step 8: the final answer, its citations checked."""

from ryx_dash.engine.citations import check
from ryx_dash.engine.context import Context, Done, Reporter
from ryx_dash.engine.markdown import close_fence
from ryx_dash.engine.threads import run_stoppable
from ryx_dash.engine.wording import count


async def run(context: Context, report: Reporter) -> Done:
    """Finish the Markdown, and check what it cites against what the run has seen."""
    context.response = close_fence(context.answer.strip())
    seen = [
        *context.excerpts,
        *context.shown_by("search_local"),
        *context.shown_by("read_file"),
    ]
    citations = context.citations = await run_stoppable(lambda _: check(context.response, seen))
    verified = sum(citation.verified for citation in citations)
    return Done(
        f"{count(len(citations), 'citation')}, {verified} verified"
        if citations
        else "No citations",
        {
            "citations": [citation.data() for citation in citations],
            "characters": len(context.response),
        },
    )
