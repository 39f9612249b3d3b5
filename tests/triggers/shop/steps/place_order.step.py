from wistro import ApiRequest, ApiStep, Context, Response

from .shapes import Order, Receipt

config = ApiStep(
    name="Place an order",
    description="Takes an order and answers at once; the parcel follows.",
    flows=["orders"],
    method="POST",
    path="/shops/:shop/orders",
    body_schema=Order,
    response_schema={201: Receipt},
    emits={"order.placed": Order},
)


async def handler(request: ApiRequest[Order], ctx: Context) -> Response:
    order = Order.model_validate(request.body)
    await ctx.emit("order.placed", order)
    await ctx.state.increment("shop", "orders")
    articles = sum(line.count for line in order.lines)
    place = f"/shops/{request.path_params['shop']}/orders/{ctx.run_id}"
    return Response(
        Receipt(order=ctx.run_id, articles=articles), status=201, headers={"Location": place}
    )
