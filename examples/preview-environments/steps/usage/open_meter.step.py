from wistro import Context, EventStep

from previews.model import Environment

from .meters import meter, meters_of

config = EventStep(
    name="Open the meter",
    description="From now on the environment's time counts for its account.",
    flows=["usage"],
    subscribes=["environment.started"],
)


async def handler(environment: Environment, ctx: Context) -> None:
    # Only if there is none: the message that it was stopped may have overtaken this one.
    group = meters_of(environment.account)
    await ctx.state.compare_and_set(group, environment.id, None, meter(environment))
