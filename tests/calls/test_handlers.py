"""`ctx.call` on a real server: answered, refused, found again, and what ends with what."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.calls.conftest import Desk
from tests.engine.conftest import Hosted
from wistro.calls import FlowCall, FlowCalls
from wistro.contract import CallAnswer
from wistro.errors import RunError
from wistro.runs import RunDetail
from wistro.stores.audit_buffer import AuditBuffer
from wistro.stores.journal import JournalFilter
from wistro.stores.memory_audit import MemoryAudit
from wistro.temporal.host.calls import Called, Caller, Calls
from wistro_codec import RunToken
from wistro_triggers.calls_worker_api import handler_calls

pytestmark = pytest.mark.server

NOW, SOON = timedelta(), timedelta(seconds=20)


async def asked(hosted: Hosted, flow: str, data: object, caller: Caller | None = None) -> Called:
    """A call that is over, and answered."""
    called = await Calls(hosted.engine).call(flow, data, caller=caller, wait=SOON)
    assert called.answer is not None
    return called


async def answer(hosted: Hosted, **order: object) -> CallAnswer:
    """What the flow `orders` answers."""
    found = (await asked(hosted, "orders", order)).answer
    assert found is not None
    return found


async def risks(hosted: Hosted) -> list[RunDetail]:
    """The runs of the called flow."""
    page = await hosted.engine.list_runs(flow="risks")
    return [await hosted.engine.show(run.run_id, "risks") for run in page.runs]


async def called_run(hosted: Hosted, called: Called) -> RunDetail:
    """The run that a run called, once both know of each other."""
    run = await hosted.until(called, lambda run: bool(run.links), 20)
    (link,) = run.links
    return await hosted.engine.show(link.run_id, link.flow)


async def test_a_handler_gets_the_answer(desk: Desk) -> None:
    async with desk() as hosted:
        ada = Caller(by="user:ada", client_context={"app": "shop"})
        order = {"risk": {"id": 7}}
        called = await asked(hosted, "orders", order, ada)
        assert called.answer
        assert called.answer.data == {"got": {"id": 7}, "depth": 1, "for": {"app": "shop"}}
        risk = await called_run(hosted, called)
        assert risk.parent is not None
        assert (risk.parent.flow, risk.parent.run_id) == ("orders", called.run_id)
        assert risk.origin is not None
        assert (risk.origin.by, risk.origin.kind) == ("user:ada", "call")
        own = await answer(hosted, options={"client_context": "mine", "key": "k"})
        assert own.data == {"got": {}, "depth": 1, "for": "mine"}


async def test_a_repeated_attempt_finds_its_calls(desk: Desk) -> None:
    async with desk() as hosted:
        found = await answer(hosted, fail_first=True, risk={"attempt": 2})
        data: Any = found.data
        first, second = (each["got"] for each in data)
        # What was asked first counts, though the second attempt asked for something else.
        assert (first, second) == ({"attempt": 1}, {"second": True})
        assert len(await risks(hosted)) == 2


async def test_its_failure_is_the_handlers(desk: Desk) -> None:
    async with desk() as hosted:
        caught = await answer(hosted, risk={"odd": True}, catches=True)
        details: Any = caught.data
        assert (details["caught"], details["flow"]) == ("odd_order", "risks")
        assert details["status"] == "flow_failed"
        called = await asked(hosted, "orders", {"risk": {"odd": True}})
        run = await hosted.ended(called)
        assert run.outcome_error is not None
        assert (run.outcome_error.code, run.outcome_error.type) == ("odd_order", "CallFailed")
        assert run.outcome_error.message == "the call of `risks` has no answer: that order is odd"
        assert len(run.deliveries[0].attempts) == 1


async def test_who_waits_no_longer_finds_it_later(desk: Desk) -> None:
    async with desk() as hosted:
        found = await answer(hosted, risk={"seconds": 1.5}, patience=0.5)
        assert found.data == {"got": {"seconds": 1.5}, "depth": 1, "for": None}
        (risk,) = await risks(hosted)
        orders = await hosted.engine.show((risk.parent or risk).run_id, "orders")
        assert orders.deliveries[0].attempts[-1].number > 1
        wanted = JournalFilter(run_id=orders.run_id, kinds=["delivery.failed"])
        error: Any = (await hosted.journal.read(wanted))[0].fields["error"]
        assert (error["code"], error["type"]) == ("call_pending", "CallPending")


async def test_in_a_thread(desk: Desk) -> None:
    async with desk() as hosted:
        found = (await asked(hosted, "threads", {"id": 7})).answer
        assert found is not None
        assert found.data == {"risk": {"got": {"id": 7}, "depth": 1, "for": None}}


async def test_a_circle_of_calls_ends(desk: Desk) -> None:
    async with desk() as hosted:
        async with asyncio.timeout(20):
            found = (await asked(hosted, "circle", 1)).answer
        assert found is not None
        assert found.status == "flow_failed"
        runs = (await hosted.engine.list_runs(flow="circle")).runs
        assert len(runs) == 17
        errors = [(await hosted.engine.show(run.run_id, "circle")).outcome_error for run in runs]
        (deepest,) = [error for error in errors if error and error.code == "call_too_deep"]
        assert "the call of `circle` would be call 17 within calls" in deepest.message


@pytest.mark.parametrize("detached", [False, True])
async def test_cancelled_with_its_caller_unless_detached(desk: Desk, *, detached: bool) -> None:
    async with desk() as hosted:
        order = {"risk": {"seconds": 3}, "detached": detached}
        called = await Calls(hosted.engine).call("orders", order)
        risk = await called_run(hosted, called)
        await hosted.engine.cancel("orders", called.run_id)
        assert (await hosted.ended(called)).status == "cancelled"
        ended = await hosted.ended(risk)
        assert ended.status == ("completed" if detached else "cancelled")


async def test_who_calls_for_a_run_that_is_over_is_not_served(desk: Desk) -> None:
    async with desk() as hosted:
        called = await Calls(hosted.engine).call("orders", {"risk": {"seconds": 60}})
        risk = await called_run(hosted, called)
        handle = hosted.engine.handle("orders", called.run_id)
        await handle.terminate("by force: its handler does not know")
        again = await asked(hosted, "risks", {})
        assert again.answer
        await hosted.engine.cancel("risks", risk.run_id)
        assert (await hosted.ended(risk)).status == "cancelled"


async def test_what_is_refused(desk: Desk) -> None:
    async with desk() as hosted:
        refused: list[tuple[dict[str, object], str]] = [
            ({"flow": "rsks"}, "not_callable"),
            ({"flow": "vault", "risk": {}}, "validation_failed"),
            ({"options": {"client_context": "x" * 20_000}}, "meta_too_large"),
        ]
        for order, code in refused:
            called = await asked(hosted, "orders", order)
            run = await hosted.ended(called)
            assert run.outcome_error is not None
            assert (run.outcome_error.code, run.outcome_error.retryable) == (code, False)
            if code == "validation_failed":
                details: Any = run.outcome_error.details
                assert details["issues"][0]["field"] == "input.code"
        thief = await hosted.ended(await asked(hosted, "thieves", {}))
        assert thief.outcome_error is not None
        assert (thief.outcome_error.code, thief.outcome_error.retryable) == ("forbidden", False)
        inline = await hosted.ended(await asked(hosted, "inline", {}))
        assert inline.outcome_error is not None
        assert inline.outcome_error.code == "call_inline"
        assert await risks(hosted) == []


async def test_who_is_refused_is_noted(desk: Desk) -> None:
    async with desk() as hosted:
        audit = AuditBuffer(MemoryAudit())
        run = RunToken(flow="thieves", run_id="1" * 32, tenant="", expires_at=0)
        call = FlowCall(flow="vault", number=1, delivery_id="d", idempotency_key="k")
        with pytest.raises(RunError, match="The flow `thieves` may not call the flow `vault`"):
            await handler_calls(hosted.engine, audit)(run).call(call, wait=SOON)
        await audit.close()
        (noted,) = await audit.audit.read()
        assert (noted.kind, noted.id, noted.flow) == ("flow", "thieves", "vault")
        assert (noted.action, noted.reason) == ("call", "not_allowed")


async def test_a_flow_does_not_get_what_another_one_called(desk: Desk) -> None:
    """Ids of runs and deliveries are no secrets: what is made of them must not open another's call."""
    async with desk() as hosted:
        make = handler_calls(hosted.engine, AuditBuffer(MemoryAudit()))

        def run_of(flow: str) -> FlowCalls:
            return make(RunToken(flow=flow, run_id="r1", tenant="", expires_at=0))

        call = FlowCall(flow="risks", number=1, delivery_id="d", idempotency_key="r1:d")
        first = await run_of("orders").call(call, wait=NOW)
        assert (await run_of("orders").call(call, wait=NOW)).call_id == first.call_id
        assert (await run_of("circle").call(call, wait=NOW)).call_id != first.call_id

        opened = await Calls(hosted.engine).call("vault", {"code": 1}, wait=SOON)
        assert (await run_of("orders").fetch("vault", opened.run_id, wait=SOON)).answer
        with pytest.raises(RunError, match="The flow `thieves` may not call the flow `vault`"):
            await run_of("thieves").fetch("vault", opened.run_id, wait=SOON)
