from datetime import UTC, datetime

from wistro import Context, EventStep

from previews.model import Environment

from .meters import meter, meters_of

config = EventStep(
    name="Close the meter",
    description="The environment was stopped: what it lived is final.",
    flows=["usage"],
    subscribes=["environment.stopped"],
)


async def handler(environment: Environment, ctx: Context) -> dict[str, object]:
    closed = meter(environment)
    await ctx.state.set(meters_of(environment.account), environment.id, closed)
    return {"environment": environment.id, "seconds": closed.seconds(datetime.now(UTC))}
