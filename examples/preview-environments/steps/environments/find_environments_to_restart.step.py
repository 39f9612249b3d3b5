from wistro import Context, EventStep

from previews.model import Branch, EnvironmentOutdated, EnvironmentType

from .environments import environments

config = EventStep(
    name="Find the environments to restart",
    description="The branch has a new commit. A push alone never restarts production.",
    flows=["environments"],
    subscribes=["branch.updated", "branch.pushed"],
    emits={"environment.outdated": EnvironmentOutdated},
)


async def handler(branch: Branch, ctx: Context) -> None:
    pushed = ctx.topic == "branch.pushed"
    for environment in await environments(ctx).alive(branch):
        if pushed and environment.type is EnvironmentType.PRODUCTION:
            ctx.logger.info("A push leaves production alone", environment=environment.id)
            continue
        outdated = EnvironmentOutdated(environment=environment.id, commit=branch.commit)
        await ctx.emit("environment.outdated", outdated)
