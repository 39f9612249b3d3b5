from pydantic import BaseModel

from wistro import ApiRequest, ApiStep, Context

from .orders import Order


class Receipt(BaseModel):
    order: str


config = ApiStep(
    name="Place an order",
    flows=["orders"],
    method="POST",
    path="/orders",
    body_schema=Order,
    response_schema={201: Receipt},
    emits={"order.placed": Order},
)


async def handler(request: ApiRequest[Order], ctx: Context) -> dict[str, object]:
    await ctx.state.set("orders", request.body.id, request.body)
    await ctx.emit("order.placed", request.body)
    return {"status": 201, "body": {"order": request.body.id}}
