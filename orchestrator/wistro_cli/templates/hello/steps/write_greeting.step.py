"""Does the work: it is tried again when it fails, and survives a crash of any process."""

from wistro import Context, EventStep

from .greeting import Asked, Written

config = EventStep(
    name="Write the greeting",
    description="Finds the words, and keeps them.",
    flows=["greetings"],
    subscribes=["greeting.asked"],
)


async def handler(asked: Asked, ctx: Context) -> None:
    """Write the greeting and keep it under the run's id."""
    written = Written(name=asked.name, text=f"Hello, {asked.name}!")
    await ctx.state.set("greetings", ctx.run_id, written.model_dump())
    ctx.logger.info(written.text)
