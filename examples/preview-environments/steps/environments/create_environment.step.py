from wistro import Context, Emit, EventStep, Retry

from previews.model import Environment, EnvironmentWanted

from .environments import environments

config = EventStep(
    name="Create an environment",
    description="Starts the app on the branch, unless it runs there already.",
    flows=["environments"],
    subscribes=["environment.wanted"],
    emits=[Emit(topic="environment.started", message=Environment, conditional=True)],
    retry=Retry(attempts=8),
    on_failure="hold",
)


async def handler(wanted: EnvironmentWanted, ctx: Context) -> dict[str, object]:
    outcome = await environments(ctx).create(wanted)
    if outcome.changed:
        await ctx.emit("environment.started", outcome.environment)
    return {"did": "created" if outcome.changed else "kept", "environment": outcome.environment.id}
