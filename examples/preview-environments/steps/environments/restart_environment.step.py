from wistro import Context, Emit, EventStep, Retry

from previews.model import Environment, EnvironmentOutdated

from .environments import environments

config = EventStep(
    name="Restart an environment",
    description="Gives the environment a new process that runs the new commit.",
    flows=["environments"],
    subscribes=["environment.outdated"],
    emits=[Emit(topic="environment.restarted", message=Environment, conditional=True)],
    retry=Retry(attempts=8),
    on_failure="hold",
)


async def handler(outdated: EnvironmentOutdated, ctx: Context) -> dict[str, object]:
    outcome = await environments(ctx).restart(outdated.environment, outdated.commit)
    if outcome.changed:
        await ctx.emit("environment.restarted", outcome.environment)
    return {"did": "restarted" if outcome.changed else "kept", "environment": outdated.environment}
