from wistro import Context, EventStep

from desk.requests import Case, Decided, Reply
from desk.shop import euros

config = EventStep(
    name="Pay back",
    description="Pays the money back and tells the customer.",
    flows=["support"],
    subscribes=["refund.granted", "approval.given"],
    responds=True,
)


async def handler(message: Case | Decided, ctx: Context) -> None:
    order = (message.request if isinstance(message, Decided) else message).order
    # One refund for an order, whoever asks for it at the same time; its key is the payment's.
    payment = {"cents": order.cents, "customer": order.customer, "key": ctx.idempotency_key}
    if not await ctx.state.compare_and_set("refunds", order.id, None, payment):
        ctx.logger.info("It has been paid back already", order=order.id)
    text = f"We have paid back {euros(order.cents)} for “{order.article}”."
    await ctx.respond(Reply(order_id=order.id, text=text, refunded=True))
