from wistro import ApiStep, Context

config = ApiStep(
    name="Take a risk",
    flows=["edge"],
    method="POST",
    path="/risks",
    emits=["risk.taken"],
    mode="async",
)


async def handler(request, ctx: Context):
    await ctx.emit("risk.taken", request.body)
