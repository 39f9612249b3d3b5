import asyncio
from datetime import timedelta

from wistro import Context, EventStep, Retry

config = EventStep(
    name="Doze",
    flows=["edge"],
    subscribes=[{"topic": "risk.taken", "where": "message.stake < 0"}],
    emits=[],
    timeout=timedelta(seconds=1),
    retry=Retry(attempts=3, first_delay=timedelta(seconds=0.1)),
)


async def handler(risk: dict, ctx: Context) -> None:
    if ctx.attempt < 3:
        await asyncio.sleep(30)
