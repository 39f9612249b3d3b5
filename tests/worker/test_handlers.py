"""Which handlers are accepted, and what they are called with."""

from __future__ import annotations

import pytest

from tests.worker.conftest import Try
from wistro.errors import SetupError

EVENT = """
from wistro.context import Context, SyncContext
from wistro.steps import EventStep
config = EventStep(name="It", subscribes=["order.placed"], emits=["done"])
"""
CRON = """
from wistro.context import Context
from wistro.steps import CronStep
config = CronStep(name="It", cron="0 3 * * *")
"""


@pytest.mark.parametrize(
    "handler",
    [
        "async def handler(data, ctx): return [data, ctx.step]",
        "async def handler(data, context=None): return [data, context.step]",
        "async def handler(*arguments): return [arguments[0], arguments[1].step]",
        "def handler(data, ctx): return [data, ctx.step]",
        "class Handler:\n    async def __call__(self, data, ctx): return [data, ctx.step]\nhandler = Handler()",
        "from functools import partial\nasync def it(word, data, ctx): return [data, ctx.step]\nhandler = partial(it, 'x')",
        (
            "from functools import wraps\nasync def it(data, ctx): return [data, await ctx.state.get('a', 'b') or ctx.step]\n"
            "@wraps(it)\ndef handler(*arguments): return it(*arguments)"
        ),
    ],
)
async def test_a_handler_gets_message_and_context(steps: Try, handler: str) -> None:
    result = await steps(EVENT + handler).run({"id": 7})
    assert result.output == [{"id": 7}, "it"]


@pytest.mark.parametrize(
    ("handler", "output"),
    [
        ("async def handler(ctx): return ctx.step", "it"),
        ("async def handler(c: Context): return c.step", "it"),
        ("async def handler(c: 'Context'): return c.step", "it"),
        ("def handler(c: SyncContext): return c.step", "it"),
        ("async def handler(message): return message", {"id": 7}),
        ("async def handler(): return 1", 1),
    ],
)
async def test_a_handler_may_take_less(steps: Try, handler: str, output: object) -> None:
    assert (await steps(EVENT + handler).run({"id": 7})).output == output


async def test_a_cron_handler_gets_the_context(steps: Try) -> None:
    result = await steps(CRON + "async def handler(anything): return anything.attempt").run(
        attempt=2
    )
    assert result.output == 3


async def test_a_handler_that_wants_more_is_named(steps: Try) -> None:
    found = steps(EVENT + "async def handler(data, ctx, database): ...")
    error = await found.fail()
    assert error.code == "bad_handler"
    assert not error.retryable
    assert "`it` expects `database`" in error.message
    assert isinstance(found.executor.broken["it"], SetupError)


async def test_a_def_handler_works_in_a_thread_without_await(steps: Try) -> None:
    found = steps(
        EVENT
        + """
import threading
def handler(data, ctx: SyncContext):
    assert threading.current_thread() is not threading.main_thread()
    ctx.state.set("counts", "a", {"n": 1})
    ctx.emit("done", ctx.state.get("counts", "a"))
    ctx.logger.info("Counted", n=1)
    ctx.heartbeat({"done": 1})
    return [ctx.state.increment("counts", "b", 2), ctx.state.list("counts"), bool(ctx.cancelled)]
"""
    )
    result = await found.run()
    assert result.output == [2, {"a": {"n": 1}, "b": 2}, False]
    assert [e.data for e in result.emissions] == [{"n": 1}]
    assert found.entries[0].message == "Counted"


async def test_the_context_says_who_when_and_why(steps: Try) -> None:
    found = steps(
        EVENT.replace('emits=["done"]', 'flows=["orders", "returns"]')
        + """
async def handler(data, ctx):
    return {name: getattr(ctx, name) for name in (
        "run_id", "trace_id", "step", "flow", "flows", "attempt", "delivery_id", "idempotency_key",
        "client_context", "topic")} | {"trigger": ctx.trigger.kind}
"""
    )
    assert (await found.run()).output == {
        "run_id": "0af7651916cd43dd8448eb211c80319c",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "step": "it",
        "flow": "orders",
        "flows": ["orders", "returns"],
        "attempt": 1,
        "delivery_id": "00f067aa0ba902b7",
        "idempotency_key": "0af7651916cd43dd8448eb211c80319c:00f067aa0ba902b7",
        "client_context": {"app": "till"},
        "topic": "order.placed",
        "trigger": "event",
    }


async def test_where_nothing_runs_flows_a_call_says_so(steps: Try) -> None:
    error = await steps(EVENT + "async def handler(data, ctx): ctx.call('billing', {})").fail()
    assert error.code == "not_available"
    assert not error.retryable
    assert "nothing here that runs flows" in error.message
