"""Python in the middle of a flow in JavaScript."""

config = {
    "type": "event",
    "name": "enrich",
    "subscribes": ["orders.created"],
    "emits": ["orders.enriched"],
    "flows": ["default"],
    "input": {"type": "object", "properties": {"id": {"type": "string"}, "total": {"type": "number"}}},
}


async def handler(args, ctx):
    order = await ctx.state.get("orders", ctx.trace_id)
    await ctx.emit({"topic": "orders.enriched", "data": {**order, "by": "python", "trace": ctx.trace_id}})
