"""Step 3: the model that chooses tools and writes the answer, if there is one."""

from dataclasses import asdict

from ryx_dash.engine.context import Context, Done, Reporter
from ryx_dash.engine.models import choose


async def run(context: Context, report: Reporter) -> Done:
    """Choose a model. None is no failure: the run goes on without one."""
    listing = await context.parts.catalogue.listing()
    choice = choose(context.intent.intent, context.request.model, listing.models)
    context.choice = choice
    reason = choice.reason
    if choice.model is None:
        context.no_model = listing.problem or "no model is installed on the server"
        reason = f"No model: {context.no_model}. The run goes on without one."
    return Done(
        f"{choice.model}, chosen by {choice.chosen_by}" if choice.model else reason,
        {
            "model": choice.model,
            "chosen_by": choice.chosen_by,
            "chain": [asdict(link) for link in choice.chain],
            "reason": reason,
        },
    )
