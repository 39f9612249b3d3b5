"""`FakeContext`: a handler tested by itself."""

from __future__ import annotations

import pytest

from wistro.context import Context, SyncContext
from wistro.errors import CallFailed, Terminal
from wistro.testing.context import FakeContext


async def charge(order: dict[str, str], ctx: Context) -> None:
    ctx.logger.info("Charging", {"order": order["id"]})  # noqa: PLE1205 # not the logger it takes it for
    await ctx.state.set("orders", order["id"], order)
    await ctx.heartbeat({"done": 1})
    await ctx.emit("payment.taken", {"order_id": order["id"], "key": ctx.secrets.get("KEY")})
    await ctx.respond("thanks")


def count(_: object, ctx: SyncContext) -> float:
    return ctx.state.increment("counts", ctx.step) + len(ctx.state.list("counts"))


async def test_it_remembers_what_the_handler_did() -> None:
    ctx = FakeContext(secrets={"KEY": "k"})
    await charge({"id": "7"}, ctx)
    assert ctx.emitted("payment.taken") == [{"order_id": "7", "key": "k"}]
    assert await ctx.state.get("orders", "7") == {"id": "7"}
    assert ctx.effects.responses == ["thanks"]
    assert ctx.effects.heartbeats == [{"done": 1}]
    assert [(log.level, log.fields) for log in ctx.effects.logs] == [("info", {"order": "7"})]


def test_a_def_handler_needs_no_loop() -> None:
    ctx = FakeContext(step="count")
    assert count(None, ctx.sync) == 2
    assert count(None, ctx.sync) == 3


async def test_it_refuses_what_the_test_did_not_allow() -> None:
    ctx = FakeContext(topics=["payment.refused"])
    with pytest.raises(Terminal, match="secret `KEY`"):
        await charge({"id": "7"}, ctx)
    with pytest.raises(Terminal, match=r"payment\.taken"):
        await charge({"id": "7"}, FakeContext(topics=[], secrets={"KEY": "k"}))


async def test_a_handler_can_be_asked_to_stop() -> None:
    ctx = FakeContext()
    ctx.cancelled.set("test")
    await ctx.cancelled
    assert ctx.cancelled
    assert ctx.sync.cancelled.wait(0)


async def refund(order: dict[str, str], ctx: Context) -> object:
    return await ctx.call("refunds", {"order": order["id"]}, key="refund")


def refund_in_a_thread(order: dict[str, str], ctx: SyncContext) -> object:
    return ctx.call("refunds", {"order": order["id"]})


async def test_it_answers_calls() -> None:
    def approve(question: dict[str, str]) -> dict[str, bool]:
        return {"approved": question["order"] == "7"}

    ctx = FakeContext(calls={"refunds": approve})
    assert await refund({"id": "7"}, ctx) == {"approved": True}
    assert refund_in_a_thread({"id": "8"}, ctx.sync) == {"approved": False}
    assert [(call.flow, call.data, call.key) for call in ctx.calls.made] == [
        ("refunds", {"order": "7"}, "refund"),
        ("refunds", {"order": "8"}, None),
    ]


async def test_it_fails_calls() -> None:
    failed = CallFailed("no such order", flow="refunds", call_id="1", code="unknown_order")
    with pytest.raises(CallFailed, match="no such order"):
        await refund({"id": "7"}, FakeContext(calls={"refunds": failed}))
    with pytest.raises(Terminal, match="no answer for a call of `refunds`"):
        await refund({"id": "7"}, FakeContext())
