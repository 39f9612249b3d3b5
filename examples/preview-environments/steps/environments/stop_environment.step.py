from wistro import Context, Emit, EventStep, Retry

from previews.model import Environment, EnvironmentUnwanted

from .environments import environments

config = EventStep(
    name="Stop an environment",
    description="Ends the environment for good; opening the pull request again creates another.",
    flows=["environments"],
    subscribes=["environment.unwanted"],
    emits=[Emit(topic="environment.stopped", message=Environment, conditional=True)],
    retry=Retry(attempts=8),
    on_failure="hold",
)


async def handler(unwanted: EnvironmentUnwanted, ctx: Context) -> dict[str, object]:
    outcome = await environments(ctx).stop(unwanted.environment, unwanted.reason)
    if outcome.changed:
        await ctx.emit("environment.stopped", outcome.environment)
    return {"did": "stopped" if outcome.changed else "kept", "environment": unwanted.environment}
