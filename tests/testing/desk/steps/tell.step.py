from wistro import Context, EventStep

config = EventStep(
    name="Tell the customer", flows=["refunds"], subscribes=["refund.decided"], responds=True
)


async def handler(decided: dict, ctx: Context) -> None:
    said = "yes" if decided["answer"]["approved"] else "no"
    await ctx.respond(f"{decided['by']} said {said}")
