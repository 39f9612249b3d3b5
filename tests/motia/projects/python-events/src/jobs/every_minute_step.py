"""A cron step that emits."""

config = {
    "type": "cron",
    "name": "EveryMinute",
    "cron": "* * * * *",
    "emits": ["minute.passed"],
    "flows": ["jobs"],
}


async def handler(context):
    ticks = await context.state.get("jobs", "ticks") or 0
    await context.state.set("jobs", "ticks", ticks + 1)
    await context.emit({"topic": "minute.passed", "data": {"ticks": ticks + 1}})
