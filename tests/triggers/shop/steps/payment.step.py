from wistro import Context, EventStep

config = EventStep(name="Book a payment", flows=["orders"], subscribes=["payment.arrived"])


async def handler(payment: dict, ctx: Context) -> None:
    await ctx.state.increment("paid", payment["order"], payment["amount"])
