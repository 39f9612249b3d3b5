from wistro import Context, EventStep

from desk.requests import Decided, Reply

config = EventStep(
    name="Turn the refund down",
    description="Tells the customer what the lead has said.",
    flows=["support"],
    subscribes=["approval.refused"],
    responds=True,
)


async def handler(message: Decided, ctx: Context) -> None:
    order = message.request.order
    reason = message.answer.reason or "please write to us if you have questions"
    text = f"We cannot pay back “{order.article}”: {reason}."
    await ctx.respond(Reply(order_id=order.id, text=text))
