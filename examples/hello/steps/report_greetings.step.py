from collections import Counter

from wistro import Context, CronStep, Schedule

config = CronStep(
    name="Report the greetings, every morning",
    description="Tells how often everybody was greeted.",
    flows=["hello"],
    cron="0 8 * * *",
    schedule=Schedule(time_zone="Europe/Paris"),
)


async def handler(ctx: Context) -> dict[str, int]:
    greeted = Counter(await ctx.state.get_group("greetings"))
    ctx.logger.info("Greeted so far", times=greeted)
    return greeted
