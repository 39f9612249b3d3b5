from wistro import Context, Emit, EventStep

from desk.requests import Case

AT_ONCE = 5_000
"""Cents that are paid back without asking anybody."""

config = EventStep(
    name="Weigh the refund",
    description="Has the risk judged; small sums at a low risk are paid back at once.",
    flows=["support"],
    subscribes=["refund.wanted"],
    emits=[
        Emit(topic="refund.granted", message=Case, alternative=True),
        Emit(topic="approval.wanted", message=Case, alternative=True),
    ],
)


async def handler(case: Case, ctx: Context) -> None:
    order = case.order
    judged = await ctx.call(
        "risk", {"customer": order.customer, "cents": order.cents, "daysAgo": order.days_ago}
    )
    weighed = Case(order=order, risk=judged["risk"], reasons=judged["reasons"])
    at_once = weighed.risk == "low" and order.cents <= AT_ONCE
    await ctx.emit("refund.granted" if at_once else "approval.wanted", weighed)
