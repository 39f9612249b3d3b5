from datetime import timedelta

from wistro import Context, EventStep, Retry, Retryable

from .orders import Order, Payment, Refusal

config = EventStep(
    name="Charge the customer's card",
    flows=["orders"],
    subscribes=["order.placed"],
    emits={"payment.taken": Payment, "payment.refused": Refusal},
    retry=Retry(attempts=5, first_delay=timedelta(seconds=2)),
)


async def handler(order: Order, ctx: Context) -> None:
    if ctx.attempt < 3:
        raise Retryable("the provider is busy")
    if order.total > 100:
        await ctx.emit("payment.refused", Refusal(order_id=order.id))
    else:
        await ctx.emit("payment.taken", Payment(order_id=order.id))
