from wistro import Context, EventStep

from .shapes import Order

config = EventStep(
    name="Pack the order", flows=["orders"], subscribes=["order.placed"], emits=["order.packed"]
)


async def handler(order: Order, ctx: Context) -> None:
    ctx.logger.info("packed", customer=order.customer)
    await ctx.state.set("packed", ctx.run_id, order.customer)
    await ctx.emit("order.packed", {"customer": order.customer})
