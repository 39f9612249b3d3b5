from pydantic import BaseModel, Field
from wistro import Context, EventStep, Join

from .order import Completed, StoredOrder


class Shipped(BaseModel):
    order_id: str
    parcel: str


class Notified(BaseModel):
    order_id: str
    receipt: str


class Both(BaseModel):
    """What a join hands over: the message of each topic."""

    shipped: Shipped = Field(alias="order.shipped")
    notified: Notified = Field(alias="customer.notified")


config = EventStep(
    name="Complete the order",
    description="Once the parcel is on its way and the customer has the receipt, in any order.",
    flows=["orders"],
    subscribes=["order.shipped", "customer.notified"],
    join=Join(key="message.order_id"),
    emits={"order.completed": Completed},
)


async def handler(both: Both, ctx: Context) -> None:
    order_id, parcel = both.shipped.order_id, both.shipped.parcel
    stored = StoredOrder.model_validate(await ctx.state.get("orders", order_id))
    done = stored.model_copy(update={"status": "completed", "parcel": parcel})
    await ctx.state.set("orders", order_id, done)
    await ctx.streams.progress.set("orders", order_id, {"stage": "completed"})
    await ctx.emit(
        "order.completed",
        Completed(
            order_id=order_id, total=done.total, parcel=parcel, receipt=both.notified.receipt
        ),
    )
