"""The older form of a file's name; a step without a flow."""

config = {
    "type": "event",
    "name": "Finish",
    "subscribes": ["stock.checked"],
    "emits": [],
}


async def handler(input, ctx):
    entry = await ctx.state.set("finished", input["id"], {**input, "trace": ctx.trace_id})
    count = len(await ctx.state.get_group("finished"))
    ctx.logger.info("Order finished", {"entry": entry, "count": count})
