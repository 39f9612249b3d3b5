from wistro import Context, EventStep

from .greeting import Greeting

config = EventStep(
    name="Remember the greeting",
    description="Keeps who was greeted, once for each greeting.",
    flows=["hello"],
    subscribes=["person.greeted"],
)


async def handler(greeting: Greeting, ctx: Context) -> None:
    # The key is the same in every attempt: one that is repeated after a crash adds nothing.
    await ctx.state.set("greetings", ctx.idempotency_key, greeting.name)
    ctx.logger.info("Greeted", name=greeting.name)
