from wistro import CallStep, Context

config = CallStep(name="Ask for a refund", flows=["refunds"], emits=["refund.asked"])


async def handler(order: dict, ctx: Context) -> None:
    await ctx.emit("refund.asked", order)
