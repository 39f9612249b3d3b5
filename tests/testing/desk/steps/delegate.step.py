from wistro import CallStep, Context

config = CallStep(name="Have a refund decided", flows=["delegation"], responds=True)


async def handler(order: dict, ctx: Context) -> dict:
    return {"said": await ctx.call("refunds", order)}
