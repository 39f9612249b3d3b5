from datetime import UTC, datetime

from wistro import Context, CronStep

from previews.model import EnvironmentUnwanted

from .environments import environments

config = CronStep(
    name="Stop what is too old, every night",
    description="Environments that are past their limit of age stop at three in the morning.",
    flows=["environments"],
    cron="0 3 * * *",
    emits={"environment.unwanted": EnvironmentUnwanted},
)


async def handler(ctx: Context) -> None:
    now = datetime.now(UTC)
    for environment in await environments(ctx).all():
        if environment.outlived(now):
            reason = f"it is older than its limit of {environment.limit}"
            unwanted = EnvironmentUnwanted(environment=environment.id, reason=reason)
            await ctx.emit("environment.unwanted", unwanted)
