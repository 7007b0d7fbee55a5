"""Step 1: the query as the other steps take it."""

import unicodedata

from ryx_dash.engine.context import Context, Done, Reporter
from ryx_dash.engine.wording import count
from ryx_dash.errors import StepFailed

MAX_CHARACTERS = 32_000


async def run(context: Context, report: Reporter) -> Done:
    """Clean the query."""
    context.text = clean(context.request.input)
    length = len(context.text)
    return Done(count(length, "character"), {"text": context.text, "characters": length})


def clean(text: str) -> str:
    """``text`` in Unicode NFC, trimmed, without control characters but newline and tab.

    Raises :class:`errors.StepFailed` when nothing is left, or more than
    :data:`MAX_CHARACTERS`.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(char for char in lines if char in "\n\t" or _printable(char))
    cleaned = unicodedata.normalize("NFC", kept).strip()
    if not cleaned:
        raise StepFailed("The query is empty. Type a question and run it again.")
    if len(cleaned) > MAX_CHARACTERS:
        raise StepFailed(
            f"The query has {len(cleaned):,} characters, over the limit of {MAX_CHARACTERS:,}. "
            "Shorten it and run it again."
        )
    return cleaned


def _printable(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cs")
