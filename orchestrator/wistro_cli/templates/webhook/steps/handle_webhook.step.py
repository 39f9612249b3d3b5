"""Handles a message; when that fails for good, it waits for somebody to look at it."""

from datetime import timedelta

from wistro import Context, EventStep, Retry

config = EventStep(
    name="Handle the webhook",
    description="Does what the message asks for.",
    flows=["incoming"],
    subscribes=["webhook.received"],
    retry=Retry(attempts=5, first_delay=timedelta(seconds=2)),
    on_failure="hold",
)


async def handler(message: dict[str, object], ctx: Context) -> None:
    """Count the messages by their kind."""
    kind = str(message["kind"])
    count = await ctx.state.increment("webhooks", kind)
    ctx.logger.info("Handled", kind=kind, count=count)
