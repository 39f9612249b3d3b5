from wistro import ApiRequest, ApiStep, Context

from .order import NewOrder, Order, StoredOrder

config = ApiStep(
    name="Place an order",
    description="Takes the order in and answers at once; everything else happens afterwards.",
    flows=["orders"],
    method="POST",
    path="/orders",
    body_schema=NewOrder,
    response_schema={201: StoredOrder},
    emits={"order.placed": Order},
)


async def handler(request: ApiRequest[NewOrder], ctx: Context) -> dict[str, object]:
    total = sum(line.pieces * line.price for line in request.body.lines)
    order = Order(**request.body.model_dump(), order_id=ctx.run_id, total=total)
    stored = StoredOrder(order_id=order.order_id, customer=order.customer, total=order.total)
    await ctx.state.set("orders", order.order_id, stored)
    await ctx.streams.progress.set("orders", order.order_id, {"stage": "placed"})
    await ctx.emit("order.placed", order)
    return {"status": 201, "body": stored}
