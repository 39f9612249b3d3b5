from wistro import CallStep, Context

config = CallStep(name="Answer for closed", flows=["closed"], responds=True)


async def handler(question: object, ctx: Context) -> None:
    await ctx.respond({"flow": ctx.flow, "asked": question})
