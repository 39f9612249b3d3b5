"""The measured project: a folder with step files, as an author would write them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from wistro.errors import SetupError
from wistro.project import Compiled, Project

HOPS = 10
FAN = 100

_SETTINGS = """
    project: bench
    topics:
      chain.1: { external: true }
      inline-chain.1: { external: true }
      empty.1: { external: true }
      first.1: { external: true }
      fan.1: { external: true }
      loop.1: { external: true }
      inline-loop.1: { external: true }
      ask.1: { external: true }
      consult.1: { external: true }
    limits: { deliveries: 1000000 }
    endpoints: { port: 0 }
"""

_MODELS = """
    from pydantic import BaseModel


    class Order(BaseModel):
        id: str
        hop: int = 0
        customer: str
        lines: list[str]


    class Count(BaseModel):
        count: int


    class Item(BaseModel):
        number: int
        of: int
"""

_HOP = """
    from wistro import Context, EventStep

    from .models import Order

    config = EventStep(
        name="Hop {number}",
        flows=["{flow}"],
        subscribes=["{flow}.{number}"],
        emits={{"{flow}.{after}": Order}},
        placement="{placement}",
    )


    async def handler(order: Order, ctx: Context) -> None:
        await ctx.emit("{flow}.{after}", order.model_copy(update={{"hop": order.hop + 1}}))
"""

_LAST_HOP = """
    from wistro import Context, EventStep

    from .models import Order

    config = EventStep(
        name="Last hop", flows=["{flow}"], subscribes=["{flow}.{number}"], placement="{placement}"
    )


    async def handler(order: Order, ctx: Context) -> Order:
        return order.model_copy(update={{"hop": order.hop + 1}})
"""

_QUOTE = """
    from wistro import CallStep, Context

    from .models import Order

    config = CallStep(name="Quote", flows=["quote"], responds=True)


    async def handler(order: Order, ctx: Context) -> Order:
        return order.model_copy(update={"hop": order.hop + 1})
"""

_ASK = """
    from wistro import NoopStep

    config = NoopStep(
        name="Ask for a quote", flows=["ask"], subscribes=["ask.1"], calls="quote"
    )
"""

_CONSULT = """
    from wistro import Context, EventStep

    from .models import Order

    config = EventStep(name="Consult", flows=["consult"], subscribes=["consult.1"])


    async def handler(order: Order, ctx: Context) -> object:
        return await ctx.call("quote", order)
"""

_EMPTY = """
    from wistro import Context, EventStep, Subscribe

    from .models import Order

    config = EventStep(
        name="Not reached",
        flows=["empty"],
        subscribes=[Subscribe(topic="empty.1", where="message.hop > 0")],
    )


    async def handler(order: Order, ctx: Context) -> None:
        pass
"""

_FIRST = """
    import time

    from wistro import Context, EventStep

    from .models import Order

    config = EventStep(name="First", flows=["first"], subscribes=["first.1"])


    async def handler(order: Order, ctx: Context) -> float:
        return time.time()
"""

_SPREAD = """
    from wistro import Context, EventStep

    from .models import Count, Item

    config = EventStep(
        name="Spread", flows=["fan"], subscribes=["fan.1"], emits={"fan.item": Item}
    )


    async def handler(message: Count, ctx: Context) -> None:
        for number in range(message.count):
            await ctx.emit("fan.item", Item(number=number, of=message.count))
"""

_WORK = """
    from wistro import Context, EventStep

    from .models import Item

    config = EventStep(
        name="Work", flows=["fan"], subscribes=["fan.item"], emits={"fan.done": Item}
    )


    async def handler(item: Item, ctx: Context) -> None:
        await ctx.emit("fan.done", item)
"""

_GATHER = """
    from wistro import Context, EventStep, Join

    config = EventStep(
        name="Gather", flows=["fan"], subscribes=["fan.done"], join=Join(quorum="message.of")
    )


    async def handler(message: dict[str, object], ctx: Context) -> int:
        return len(message["fan.done"])
"""

_LOOP = """
    from wistro import Context, EventStep

    from .models import Count

    config = EventStep(
        name="Loop",
        flows=["{flow}"],
        subscribes=["{flow}.1"],
        emits={{"{flow}.1": Count}},
        placement="{placement}",
    )


    async def handler(message: Count, ctx: Context) -> None:
        if message.count > 1:
            await ctx.emit("{flow}.1", Count(count=message.count - 1))
"""

_PLACE_ORDER = """
    from wistro import ApiRequest, ApiStep, Context, Response

    from .models import Order

    config = ApiStep(
        name="Place an order", flows=["place-order"], method="POST", path="/orders"
    )


    async def handler(request: ApiRequest[Order], ctx: Context) -> Response:
        return Response(request.body.model_copy(update={"hop": 1}), status=201)
"""


def write_project(root: Path) -> Compiled:
    """Write the project's files and its lock.

    Raises:
        SetupError: the project does not compile; it says why.
    """
    files = {
        "models.py": _MODELS,
        "empty.step.py": _EMPTY,
        "first.step.py": _FIRST,
        "spread.step.py": _SPREAD,
        "work.step.py": _WORK,
        "gather.step.py": _GATHER,
        "place_order.step.py": _PLACE_ORDER,
        "quote.step.py": _QUOTE,
        "ask.step.py": _ASK,
        "consult.step.py": _CONSULT,
    }
    for prefix, placement in (("", "worker"), ("inline-", "inline")):
        flow = f"{prefix}chain"
        for number in range(1, HOPS + 1):
            template = _HOP if number < HOPS else _LAST_HOP
            files[f"{flow}-{number}.step.py"] = template.format(
                flow=flow, number=number, after=number + 1, placement=placement
            )
        flow = f"{prefix}loop"
        files[f"{flow}.step.py"] = _LOOP.format(flow=flow, placement=placement)
    steps = root / "steps"
    steps.mkdir(parents=True)
    (root / "wistro.yml").write_text(dedent(_SETTINGS), "utf-8")
    for name, text in files.items():
        (steps / name).write_text(dedent(text).lstrip(), "utf-8")
    return compiled(root)


def compiled(root: Path) -> Compiled:
    """Compile the project at `root` and write its lock.

    Raises:
        SetupError: it does not compile; it says why.
    """
    project = Project.open(root)
    found = project.compile(cache=False)
    if not found.ok:
        problems = [str(each) for each in (*found.errors, *found.findings)]
        raise SetupError(
            "the measured project is wrong: " + "; ".join(problems), code="bad_project"
        )
    project.write_lock(found.lock)
    return found
