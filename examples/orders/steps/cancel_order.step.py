from wistro import Context, EventStep

from .order import Refusal, StoredOrder

config = EventStep(
    name="Cancel the order",
    description="The payment was refused: nothing is shipped.",
    flows=["orders"],
    subscribes=["payment.refused"],
)


async def handler(refusal: Refusal, ctx: Context) -> None:
    stored = StoredOrder.model_validate(await ctx.state.get("orders", refusal.order_id))
    cancelled = stored.model_copy(update={"status": "cancelled", "reason": refusal.reason})
    await ctx.state.set("orders", refusal.order_id, cancelled)
    await ctx.streams.progress.set("orders", refusal.order_id, {"stage": "cancelled"})
