from wistro import CallStep, Context

config = CallStep(name="Rate an order", flows=["rating"], responds=True)


async def handler(order: dict, ctx: Context) -> None:
    await ctx.respond(await ctx.call("score", order))
