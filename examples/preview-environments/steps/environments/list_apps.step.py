from datetime import timedelta

from wistro import Context, EventStep

from previews.model import Branch, EnvironmentWanted

from .catalogue import apps_of

LIMIT = timedelta(hours=72)

config = EventStep(
    name="List the apps of the repository",
    description="A pull request was opened or reopened: each app gets an environment for its branch.",
    flows=["environments"],
    subscribes=["branch.opened"],
    emits={"environment.wanted": EnvironmentWanted},
    include_files=["../../apps.yml"],
)


async def handler(branch: Branch, ctx: Context) -> dict[str, object]:
    apps = apps_of(branch.repository)
    account = branch.repository.partition("/")[0]
    for app in apps:
        wanted = EnvironmentWanted(app=app, account=account, branch=branch, limit=LIMIT)
        await ctx.emit("environment.wanted", wanted)
    return {"apps": apps}
