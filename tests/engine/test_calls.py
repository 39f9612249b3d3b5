"""Calls of flows on a real server: answered, not answered, asked for again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.engine.conftest import Host
from wistro.errors import RunError, RunNotFound
from wistro.temporal.host.calls import META_LIMIT, Caller, Calls

pytestmark = pytest.mark.server

SOON = timedelta(seconds=20)
FILES = {
    "quote.step.py": """
        from wistro import CallStep, Terminal
        config = CallStep(name="Quote a price", flows=["quotes"], emits=["asked"])
        async def handler(message, ctx):
            if message.get("fail") == "known":
                raise Terminal("we do not sell that", code="unknown_article", details={"status": 404})
            if message.get("fail"):
                raise Terminal("no row for ada@example.com")
            await ctx.emit("asked", {**message, "who": ctx.client_context})
        """,
    "price.step.py": """
        import asyncio
        from wistro import EventStep
        config = EventStep(name="Find the price", flows=["quotes"], subscribes=["asked"],
                           emits=["priced"], responds=True)
        async def handler(message, ctx):
            await asyncio.sleep(message.get("seconds", 0))
            if not message.get("silent"):
                await ctx.respond({"price": 12, "for": message["who"]})
            await ctx.emit("priced", message)
        """,
    "again.step.py": """
        import asyncio
        from wistro import EventStep
        config = EventStep(name="Answer again", flows=["quotes"], subscribes=["priced"])
        async def handler(message, ctx):
            if message.get("twice"):
                await ctx.respond({"price": 13})
            await asyncio.sleep(message.get("linger", 0))
        """,
    "plain.step.py": """
        from wistro import EventStep
        config = EventStep(name="Not callable", flows=["plain"], subscribes=["plain"])
        def handler(message): ...
        """,
    "wistro.yml": "topics: { plain: { external: true } }\n",
}
ADA = Caller(by="ada", client_context={"app": "shop"}, response_meta={"tab": 3})


async def test_the_answer_comes_before_the_run_ends(host: Host) -> None:
    async with host(FILES) as hosted:
        calls = Calls(hosted.engine)
        called = await calls.call("quotes", {"linger": 3}, caller=ADA, wait=SOON)
        assert called.answer
        assert called.answer.status == "answered"
        assert called.answer.data == {"price": 12, "for": {"app": "shop"}}
        assert called.response_meta == {"tab": 3}
        assert (await hosted.engine.show(called.run_id)).status == "running"


async def test_a_second_answer_is_refused_and_noted(host: Host) -> None:
    async with host(FILES) as hosted:
        called = await Calls(hosted.engine).call("quotes", {"twice": True}, wait=SOON)
        run = await hosted.ended(called)
        assert called.answer
        assert called.answer.data == {"price": 12, "for": None}
        assert any("`again` answered again" in note for note in run.notes)


async def test_a_crashed_caller_asks_again(host: Host) -> None:
    async with host(FILES) as hosted:
        calls = Calls(hosted.engine)
        first = await calls.call(
            "quotes", {"seconds": 1}, caller=ADA, wait=timedelta(seconds=0.2), idempotency_key="k"
        )
        assert first.answer is None
        again, fetched = await asyncio.gather(
            calls.call("quotes", {"seconds": 1}, caller=ADA, wait=SOON, idempotency_key="k"),
            calls.fetch("quotes", first.run_id, wait=SOON),
        )
        await hosted.ended(first)
        later = await calls.fetch("quotes", first.run_id)
        much_later = await calls.call("quotes", {}, wait=SOON, idempotency_key="k")
        for found in (again, fetched, later, much_later):
            assert found.run_id == first.run_id
            assert found.answer
            assert found.answer.data == {"price": 12, "for": {"app": "shop"}}
            assert found.response_meta == {"tab": 3}


async def test_a_run_that_ends_without_an_answer_says_which_way_it_went(host: Host) -> None:
    async with host(FILES) as hosted:
        called = await Calls(hosted.engine).call("quotes", {"silent": True}, wait=SOON)
        assert called.answer
        assert called.answer.status == "response_not_reached"
        assert called.answer.path == ("quote", "price", "again")


async def test_failures_tell_what_they_were_meant_to(host: Host) -> None:
    async with host(FILES) as hosted:
        calls = Calls(hosted.engine)
        known = await calls.call("quotes", {"fail": "known"}, wait=SOON)
        secret = await calls.call("quotes", {"fail": "secret"}, wait=SOON)
        assert known.answer
        assert known.answer.error
        assert (known.answer.status, known.answer.error.http_status) == ("flow_failed", 404)
        assert known.answer.error.message == "we do not sell that"
        assert secret.answer
        assert "ada" not in repr(secret.answer)
        assert (await calls.fetch("quotes", secret.run_id)).answer == secret.answer


async def test_cancelled_before_and_after_the_answer(host: Host) -> None:
    async with host(FILES) as hosted:
        calls = Calls(hosted.engine)
        early = await calls.call("quotes", {"seconds": 60}, wait=timedelta(seconds=0.3))
        late = await calls.call("quotes", {"linger": 60}, wait=SOON)
        for called in (early, late):
            await hosted.engine.cancel(called.flow, called.run_id)
            await hosted.ended(called)
        assert (await calls.fetch("quotes", early.run_id)).answer.status == "cancelled"  # pyright: ignore[reportOptionalMemberAccess]
        assert (await calls.fetch("quotes", late.run_id)).answer == late.answer


async def test_fire_and_forget_and_later(host: Host) -> None:
    async with host(FILES) as hosted:
        calls = Calls(hosted.engine)
        now = await calls.call("quotes", {})
        soon = await calls.call("quotes", {}, wait=SOON, after=timedelta(seconds=1))
        assert (now.answer, soon.answer) == (None, None)
        for called in (now, soon):
            found = await calls.fetch("quotes", called.run_id, wait=SOON)
            assert found.answer
            assert found.answer.status == "answered"


async def test_what_cannot_be_called(host: Host) -> None:
    async with host(FILES) as hosted:
        calls = Calls(hosted.engine)
        with pytest.raises(RunError, match="cannot be called"):
            await calls.call("plain", {})
        with pytest.raises(RunError, match="no flow `quote`"):
            await calls.call("quote", {})
        with pytest.raises(RunNotFound):
            await calls.fetch("quotes", "0" * 32)
        large = Caller(response_meta="x" * META_LIMIT)
        with pytest.raises(RunError, match="`response_meta` has 16,386 bytes"):
            await calls.call("quotes", {}, caller=large)
        (run,) = await hosted.engine.publish("plain", {})
        await hosted.ended(run)
        with pytest.raises(RunError, match="was not called"):
            await calls.fetch("plain", run.run_id)


LONG = {
    "begin.step.py": """
        from wistro import CallStep
        config = CallStep(name="Begin", flows=["long"], emits=["again"])
        async def handler(hops, ctx):
            await ctx.emit("again", hops)
        """,
    "again.step.py": """
        from wistro import EventStep
        config = EventStep(name="Go on", flows=["long"], subscribes=["again"], emits=["again"],
                           responds="conditional")
        async def handler(left, ctx):
            if left:
                await ctx.emit("again", left - 1)
            else:
                await ctx.respond("done")
        """,
    "wistro.yml": "limits: { history_events: 100 }\n",
}


async def test_callers_wait_through_fresh_histories(host: Host) -> None:
    async with host(LONG) as hosted:
        calls = Calls(hosted.engine)
        called = await calls.call("long", 60, wait=SOON * 3)
        assert called.answer is not None
        assert called.answer.data == "done"
        description = await hosted.engine.handle("long", called.run_id).describe()
        assert description.run_id != description.raw_info.first_run_id
