from wistro import Context, EventStep

from previews.model import Branch, EnvironmentUnwanted

from .environments import environments

config = EventStep(
    name="Find the environments to stop",
    description="The pull request was closed: nothing that runs its branch is needed any more.",
    flows=["environments"],
    subscribes=["branch.closed"],
    emits={"environment.unwanted": EnvironmentUnwanted},
)


async def handler(branch: Branch, ctx: Context) -> None:
    reason = f"pull request {branch.pull_request} was closed"
    for environment in await environments(ctx).alive(branch):
        unwanted = EnvironmentUnwanted(environment=environment.id, reason=reason)
        await ctx.emit("environment.unwanted", unwanted)
