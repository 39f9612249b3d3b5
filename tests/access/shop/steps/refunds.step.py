from wistro import CallStep, Context

config = CallStep(name="Answer for refunds", flows=["refunds"], responds=True)


async def handler(question: object, ctx: Context) -> None:
    await ctx.respond({"flow": ctx.flow, "asked": question})
