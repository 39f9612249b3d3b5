from wistro import Context, EventStep, Retry, Terminal

config = EventStep(
    name="Do something risky",
    flows=["edge"],
    subscribes=[{"topic": "risk.taken", "where": "message.stake > 0"}],
    emits=[{"topic": "risk.paid", "conditional": True}],
    on_failure="hold",
    retry=Retry(attempts=1),
)


async def handler(risk: dict, ctx: Context) -> None:
    if risk["stake"] > 10:
        raise Terminal("too much at stake", code="too_risky")
    await ctx.state.increment("risks", "taken", risk["stake"])
