from wistro import Context, EventStep

config = EventStep(
    name="Remind the leads",
    description="A refund has waited for a day. A real desk would write to their chat.",
    flows=["support"],
    subscribes=["approval.reminder"],
)


async def handler(notice: dict[str, object], ctx: Context) -> None:
    ctx.logger.warn("A refund waits for approval", due_at=notice["due_at"])
