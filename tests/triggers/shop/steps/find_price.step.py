import asyncio

from wistro import Context, EventStep

config = EventStep(
    name="Find the price", flows=["quotes"], subscribes=["price.wanted"], responds=True
)


async def handler(question: dict, ctx: Context) -> None:
    await asyncio.sleep(question["seconds"])
    match question["article"]:
        case "nothing":
            return
        case "nonsense":
            await ctx.respond({"price": "much"})
        case _:
            await ctx.respond({"price": 12})
