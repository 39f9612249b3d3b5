from wistro import Context, EventStep

config = EventStep(
    name="Ship a parcel",
    flows=["parcels"],
    subscribes=["order.placed"],
    virtual_emits=["parcel.delivered"],
)


async def handler(order: dict, ctx: Context) -> None:
    await ctx.state.set("shipped", ctx.run_id, order["customer"])
