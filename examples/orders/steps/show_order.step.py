from wistro import ApiRequest, ApiStep, Context

from .order import StoredOrder

config = ApiStep(
    name="Show an order",
    description="What became of an order.",
    flows=["orders"],
    method="GET",
    path="/orders/{order_id}",
    response_schema={200: StoredOrder},
)


async def handler(request: ApiRequest[None], ctx: Context) -> dict[str, object]:
    stored = await ctx.state.get("orders", request.path_params["order_id"])
    if stored is None:
        return {"status": 404, "body": {"error": "there is no such order"}}
    return {"status": 200, "body": stored}
