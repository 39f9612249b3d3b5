from datetime import timedelta

from wistro import EventStep, SyncContext

from .orders import Refusal

config = EventStep(
    name="Cancel a refused order",
    description="A day later: the customer may try another card until then.",
    flows=["orders"],
    subscribes=["payment.refused"],
    emits={"order.cancelled": Refusal},
    delay=timedelta(hours=24),
)


def handler(refusal: Refusal, ctx: SyncContext) -> None:
    ctx.state.delete("orders", refusal.order_id)
    ctx.emit("order.cancelled", refusal)
