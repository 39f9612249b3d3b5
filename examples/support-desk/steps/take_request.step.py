from wistro import CallStep, Context, Emit, Terminal

from desk.customers import may_see
from desk.requests import Case, Reply, Request
from desk.shop import orders

config = CallStep(
    name="Take a customer's request",
    description="Looks the order up. Where it is can be said at once; a refund takes longer.",
    flows=["support"],
    input=Request,
    output=Reply,
    emits=[Emit(topic="refund.wanted", message=Case, conditional=True)],
    responds="conditional",
)


async def handler(request: Request, ctx: Context) -> Reply | None:
    order = orders().get(request.order_id)
    if order is None or not may_see(order.customer, ctx.trigger.by):
        raise Terminal(
            f"there is no order {request.order_id}", code="unknown_order", details={"status": 404}
        )
    if request.wish == "where":
        text = f"“{order.article}” is {order.status} (parcel {order.parcel})."
        return Reply(order_id=order.id, text=text)
    if await ctx.state.get("refunds", order.id) is not None:
        text = f"“{order.article}” has been paid back already."
        return Reply(order_id=order.id, text=text, refunded=True)
    await ctx.emit("refund.wanted", Case(order=order))
    return None
