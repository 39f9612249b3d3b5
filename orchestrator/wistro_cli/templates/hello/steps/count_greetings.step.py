"""Runs by the clock, once for all processes."""

from wistro import Context, CronStep

config = CronStep(
    name="Count the greetings",
    description="Says every hour how many greetings there are.",
    flows=["greetings"],
    cron="0 * * * *",
)


async def handler(ctx: Context) -> None:
    """Count what was kept."""
    greetings = await ctx.state.list("greetings")
    ctx.logger.info("Greetings so far", count=len(greetings))
