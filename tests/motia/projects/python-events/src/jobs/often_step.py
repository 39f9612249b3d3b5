"""A cron step that emits, often: its first field is for seconds."""

config = {
    "type": "cron",
    "name": "EveryFiveSeconds",
    "cron": "*/5 * * * * *",
    "emits": ["time.passed"],
    "flows": ["jobs"],
}


async def handler(context):
    ticks = await context.state.get("jobs", "ticks") or 0
    await context.state.set("jobs", "ticks", ticks + 1)
    await context.emit({"topic": "time.passed", "data": {"ticks": ticks + 1}})
