from wistro import Context, EventStep

from .orders import Refusal

config = EventStep(
    name="Tell the customer",
    flows=["mail"],
    subscribes=["order.cancelled"],
)


async def handler(refusal: Refusal, ctx: Context) -> str:
    return f"Your order {refusal.order_id} was cancelled."
