"""Joins: once per run and key, when all messages are there, or a quorum, or the time is up."""

from __future__ import annotations

from datetime import timedelta

from tests.machine.plans import flow, step
from wistro.machine.plan import JoinPlan, RetryPlan

ALL = JoinPlan()
START = step("start", "go")


async def test_all_of_several_topics() -> None:
    shop = flow(START, step("pack", "paid", "picked", join=ALL), step("slow", "go", delay=60))
    shop.fake("start", emits=[("paid", {"by": "card"})])
    shop.fake("slow", emits=[("picked", {"shelf": 3})])
    run = await shop.emit("orders", "go")
    assert run.deliveries("pack") == []
    await shop.advance(minutes=1)
    (pack,) = run.deliveries("pack")
    assert pack.input == {"paid": {"by": "card"}, "picked": {"shelf": 3}}
    assert pack.topic is None
    assert run.outcome == "completed"


async def test_the_first_message_of_a_topic_counts() -> None:
    shop = flow(START, step("pack", "paid", "picked", join=ALL))
    shop.fake("start", emits=[("paid", 1), ("paid", 2), ("picked", 3)])
    run = await shop.emit("orders", "go")
    assert [d.input for d in run.deliveries("pack")] == [{"paid": 1, "picked": 3}]
    assert run.notes == ["the join of `pack` got a second message on `paid`; the first counts"]


async def test_a_message_after_the_join_fired_is_noted() -> None:
    shop = flow(START, step("pack", "paid", "picked", join=ALL))
    shop.fake("start", emits=[("paid", 1), ("picked", 2), ("paid", 3)])
    run = await shop.emit("orders", "go")
    assert len(run.deliveries("pack")) == 1
    assert run.notes == ["a message on `paid` came after the join of `pack` had fired"]


async def test_keys_keep_messages_apart() -> None:
    shop = flow(START, step("pack", "paid", "picked", join=JoinPlan(key="message.id")))
    paid = [("paid", {"id": n}) for n in (1, 2, 3)]
    picked = [("picked", {"id": n}) for n in (3, 1, 2)]
    shop.fake("start", emits=paid + picked)
    run = await shop.emit("orders", "go")
    assert [d.input for d in run.deliveries("pack")] == [
        {"paid": {"id": n}, "picked": {"id": n}} for n in (3, 1, 2)
    ]


async def test_a_quorum_of_one_topic() -> None:
    shop = flow(START, step("decide", "vote", join=JoinPlan(quorum=2)))
    shop.fake("start", emits=[("vote", "yes"), ("vote", "no"), ("vote", "late")])
    run = await shop.emit("orders", "go")
    assert [d.input for d in run.deliveries("decide")] == [{"vote": ["yes", "no"]}]


async def test_a_quorum_may_come_with_the_message() -> None:
    gather = step("gather", "part", join=JoinPlan(key="message.of", quorum="message.count"))
    shop = flow(START, gather)
    parts = [
        ("part", {"of": of, "count": n, "n": i}) for of, n in (("a", 3), ("b", 2)) for i in range(n)
    ]
    shop.fake("start", emits=parts)
    run = await shop.emit("orders", "go")
    assert [len(d.input["part"]) for d in run.deliveries("gather")] == [3, 2]  # type: ignore[index]


async def test_a_quorum_may_be_a_round_float() -> None:
    shop = flow(START, step("gather", "part", join=JoinPlan(quorum="message.count")))
    shop.fake("start", emits=[("part", {"count": 2.0})] * 2)
    run = await shop.emit("orders", "go")
    assert len(run.deliveries("gather")) == 1


class TestUnplaceable:
    """Messages whose key or quorum has no value fail by themselves, at the joining step."""

    async def test_a_missing_key_fails_the_run(self) -> None:
        shop = flow(START, step("pack", "paid", "picked", join=JoinPlan(key="message.id")))
        shop.fake("start", emits=[("paid", {})])
        run = await shop.emit("orders", "go")
        assert run.error is not None
        assert run.error.code == "join_failed"
        assert run.deliveries("pack")[0].input == {}

    async def test_a_quorum_that_is_no_number_is_named(self) -> None:
        for quorum in ('"two"', "0", "true", "1.5"):
            shop = flow(START, step("gather", "part", join=JoinPlan(quorum=quorum)))
            shop.fake("start", emits=[("part", 1)])
            run = await shop.emit("orders", "go")
            assert run.error is not None
            assert "expected a whole number from 1" in run.error.message

    async def test_a_held_message_goes_to_the_join_when_it_is_mended(self) -> None:
        pack = step("pack", "paid", "picked", join=JoinPlan(key="message.id"), on_failure="hold")
        shop = flow(START, pack)
        shop.fake("start", emits=[("paid", {"id": 7}), ("picked", {})])
        run = await shop.emit("orders", "go")
        await run.retry("pack", data={"id": 7, "shelf": 1})
        assert run.outcome == "completed"
        done = [d for d in run.deliveries("pack") if d.status == "completed"]
        assert [d.input for d in done] == [{"paid": {"id": 7}, "picked": {"id": 7, "shelf": 1}}]

    async def test_several_of_them_are_kept_apart(self) -> None:
        pack = step("pack", "paid", join=JoinPlan(key="message.id"), on_failure="hold")
        shop = flow(START, pack)
        shop.fake("start", emits=[("paid", {"n": 1}), ("paid", {"n": 2})])
        run = await shop.emit("orders", "go")
        assert [d.input for d in run.held] == [{"n": 1}, {"n": 2}]


class TestTimeout:
    async def test_the_joining_step_fails(self) -> None:
        join = JoinPlan(timeout=60)
        shop = flow(START, step("pack", "paid", "picked", join=join, on_failure="hold"))
        shop.fake("start", emits=[("paid", 1)])
        run = await shop.emit("orders", "go")
        assert run.waiting.kind == "join"
        assert run.waiting.sentence == (
            "“Pack” waits for more messages until 2026-01-01 00:01:00 UTC."
        )
        await shop.advance(minutes=1)
        (held,) = run.held
        assert held.input == {"paid": 1}
        assert held.error is not None
        assert held.error.code == "join_timeout"
        assert held.error.message == "not all its messages arrived in time: missing `picked`"

    async def test_or_gets_what_there_is(self) -> None:
        join = JoinPlan(timeout=60, on_timeout="deliver", quorum=3)
        shop = flow(START, step("pack", "paid", join=join))
        shop.fake("start", emits=[("paid", 1), ("paid", 2)])
        run = await shop.emit("orders", "go")
        await shop.advance(minutes=1)
        assert [d.input for d in run.deliveries("pack")] == [{"paid": [1, 2]}]
        assert run.outcome == "completed"

    async def test_the_time_counts_from_the_first_message(self) -> None:
        join = JoinPlan(timeout=60)
        later = step("later", "go", delay=40)
        shop = flow(START, later, step("pack", "paid", "picked", "told", join=join))
        shop.fake("start", emits=[("paid", 1)])
        shop.fake("later", emits=[("picked", 1)])
        run = await shop.emit("orders", "go")
        await shop.advance(seconds=59)
        assert run.outcome is None
        await shop.advance(seconds=1)
        assert run.outcome == "failed"

    async def test_a_join_that_fired_is_timed_no_more(self) -> None:
        shop = flow(START, step("pack", "paid", join=JoinPlan(timeout=60)))
        shop.fake("start", emits=[("paid", 1)])
        run = await shop.emit("orders", "go")
        assert run.outcome == "completed"
        assert run.state.timers == {}


class TestIncomplete:
    """Without a timeout, a join is told when nothing can complete it any more."""

    async def test_the_run_fails_instead_of_waiting_for_ever(self) -> None:
        shop = flow(START, step("pack", "paid", "picked", "told", join=ALL))
        shop.fake("start", emits=[("paid", 1)])
        run = await shop.emit("orders", "go")
        assert run.error is not None
        assert run.error.code == "join_incomplete"
        assert run.error.message == (
            "the run came to rest before all its messages arrived: missing `picked`, `told`"
        )

    async def test_a_quorum_says_how_many_came(self) -> None:
        shop = flow(START, step("pack", "paid", join=JoinPlan(quorum=5)))
        shop.fake("start", emits=[("paid", 1), ("paid", 2)])
        run = await shop.emit("orders", "go")
        assert run.error is not None
        assert run.error.message.endswith(": 2 of 5 messages arrived")

    async def test_it_waits_while_something_is_held(self) -> None:
        shop = flow(
            START,
            step("pick", "go", on_failure="hold"),
            step("pack", "paid", "picked", join=ALL),
        )
        shop.fake("start", emits=[("paid", 1)])
        shop.fake("pick", error="shelf is empty")
        run = await shop.emit("orders", "go")
        assert run.waiting.kind == "operator"
        shop.fake("pick", emits=[("picked", 2)])
        await run.retry()
        assert run.outcome == "completed"
        assert len(run.deliveries("pack")) == 1

    async def test_what_it_sets_off_counts_before_the_next_join_is_told(self) -> None:
        deliver = JoinPlan(on_timeout="deliver")
        shop = flow(
            START,
            step("first", "a", "never", join=deliver),
            step("second", "b", "c", join=ALL),
        )
        shop.fake("start", emits=[("a", 1), ("b", 2)])
        shop.fake("first", emits=[("c", 3)])
        run = await shop.emit("orders", "go")
        assert run.outcome == "completed"
        assert [d.input for d in run.deliveries("second")] == [{"b": 2, "c": 3}]

    async def test_ignored_joins_end_the_run_well(self) -> None:
        shop = flow(
            START,
            step("pack", "paid", "picked", join=ALL, on_failure="ignore"),
            step("other", "paid", "told", join=ALL, on_failure="ignore"),
        )
        shop.fake("start", emits=[("paid", 1)])
        run = await shop.emit("orders", "go")
        assert run.outcome == "completed"
        assert [d.status for d in run.deliveries()] == ["completed", "ignored", "ignored"]


async def test_the_joined_delivery_is_retried_as_a_whole() -> None:
    pack = step("pack", "paid", "picked", join=ALL, retry=RetryPlan(attempts=2))
    shop = flow(START, pack)
    shop.fake("start", emits=[("paid", 1), ("picked", 2)])
    shop.fake("pack", error="jam", times=1)
    run = await shop.emit("orders", "go")
    await shop.advance(minutes=1)
    assert run.outcome == "completed"
    assert [len(d.attempts) for d in run.deliveries("pack")] == [2]


async def test_a_run_without_a_timed_join_says_that_it_waits() -> None:
    shop = flow(START, step("slow", "go"), step("pack", "paid", "picked", join=ALL))
    shop.fake("start", emits=[("paid", 1)])
    shop.fake("slow", takes=timedelta(minutes=1), emits=[("picked", 2)])
    run = await shop.emit("orders", "go")
    assert run.waiting.sentence == "“Slow” at work."
    await shop.advance(minutes=1)
    assert run.outcome == "completed"
