"""Step 2: what the person wants."""

from ryx_dash.engine.context import Context, Done, Reporter
from ryx_dash.engine.intent import classify

MAX_READ = 2_000
"""Characters that are looked at: what a long paste begins with says what it is for."""


async def run(context: Context, report: Reporter) -> Done:
    """Classify the query."""
    found = context.intent = classify(context.text[:MAX_READ])
    return Done(
        f"{found.intent}, confidence {found.confidence:.2f}",
        {
            "intent": found.intent.value,
            "confidence": found.confidence,
            "signals": list(found.signals),
        },
    )
