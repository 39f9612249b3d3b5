from wistro import Context, CronStep

config = CronStep(
    name="Tidy up", flows=["orders"], cron="0 3 * * *", schedule={"time_zone": "Europe/Zurich"}
)


async def handler(ctx: Context) -> None:
    await ctx.state.increment("nightly", "ticks")
