import asyncio

from wistro import ApiStep

config = ApiStep(name="Slow", flows=["edge"], method="POST", path="/slow")


async def handler(request, ctx):
    count = await ctx.state.increment("slow", request.body["name"])
    await asyncio.sleep(request.body["seconds"])
    return {"count": count}
