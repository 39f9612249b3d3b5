"""Messages reach the steps that subscribe to them, in order, and nobody else."""

from __future__ import annotations

import pytest

from tests.machine.plans import flow, plan, project, step
from wistro.contract import Trigger
from wistro.machine.plan import JoinPlan, Limits, SubscriptionPlan


async def test_a_message_reaches_every_subscriber() -> None:
    shop = flow(step("charge", "order.placed"), step("pick", "order.placed"), step("other", "x"))
    run = await shop.emit("orders", "order.placed", {"id": 7})
    assert [(d.step, d.topic, d.input) for d in run.deliveries()] == [
        ("charge", "order.placed", {"id": 7}),
        ("pick", "order.placed", {"id": 7}),
    ]
    assert run.outcome == "completed"


async def test_a_chain_passes_messages_on() -> None:
    shop = flow(step("a", "one"), step("b", "two"), step("c", "three"))
    shop.fake("a", handler=lambda data, ctx: ctx.emit("two", data + 1))
    shop.fake("b", handler=lambda data, ctx: ctx.emit("three", data + 1))
    shop.fake("c", handler=lambda data, ctx: data + 1)
    run = await shop.emit("orders", "one", 1)
    (last,) = run.deliveries("c")
    assert (last.input, last.output) == (3, 4)
    assert run.emissions == [("two", 2), ("three", 3)]
    assert last.parent == run.deliveries("b")[0].delivery_id


async def test_emissions_are_delivered_in_the_order_emitted() -> None:
    shop = flow(step("a", "one"), step("b", "x", "y"))
    shop.fake("a", emits=[("x", 1), ("y", 2), ("x", 3)])
    run = await shop.emit("orders", "one")
    assert [d.input for d in run.deliveries("b")] == [1, 2, 3]
    assert [d.topic for d in run.deliveries("b")] == ["x", "y", "x"]


async def test_a_filter_lets_through_what_it_says() -> None:
    only = SubscriptionPlan(topic="order.placed", where="message.total > 100")
    shop = flow(step("approve", only), step("book", "order.placed"))
    cheap = await shop.emit("orders", "order.placed", {"total": 5})
    dear = await shop.emit("orders", "order.placed", {"total": 500})
    assert [d.step for d in cheap.deliveries()] == ["book"]
    assert [d.step for d in dear.deliveries()] == ["approve", "book"]


async def test_a_filter_that_does_not_fit_the_message_stops_it() -> None:
    shop = flow(step("approve", SubscriptionPlan(topic="x", where="message.total > 100")))
    run = await shop.emit("orders", "x", {"sum": 500})
    assert (run.deliveries(), run.outcome) == ([], "completed")


async def test_two_subscriptions_that_both_accept_deliver_once() -> None:
    big = SubscriptionPlan(topic="x", where="message > 10")
    shop = flow(step("a", SubscriptionPlan(topic="x"), big))
    run = await shop.emit("orders", "x", 50)
    assert [d.input for d in run.deliveries()] == [50]


async def test_noops_receive_nothing() -> None:
    shop = flow(step("a", "one"), step("outside", "two", kind="noop"))
    shop.fake("a", emits=[("two", 1)])
    run = await shop.emit("orders", "one")
    assert [d.step for d in run.deliveries()] == ["a"]


async def test_a_triggered_step_gets_the_data_and_its_output_is_the_answer() -> None:
    shop = flow(step("create", kind="api"), step("next", "made"))
    shop.fake("create", output={"status": 201}, emits=[("made", 1)])
    run = await shop.request("create", {"id": 1})
    assert run.trigger == Trigger(kind="api", step="create")
    assert run.answer is not None
    assert run.answer.output == {"status": 201}
    assert [d.step for d in run.deliveries()] == ["create", "next"]


async def test_the_answer_is_there_before_the_rest_of_the_run_is_done() -> None:
    shop = flow(step("create", kind="api"), step("later", "made", delay=60))
    shop.fake("create", output="here", emits=[("made", 1)])
    run = await shop.request("create")
    assert run.answer is not None
    assert run.outcome is None


async def test_only_the_first_response_counts() -> None:
    shop = flow(step("a", "one"), step("b", "one"), step("c", "one"))
    shop.fake("a", response="first")
    shop.fake("b", response="second")
    run = await shop.emit("orders", "one")
    assert run.response == "first"
    assert run.notes == ["step `b` answered again; only a run's first answer counts"]


async def test_an_emission_without_a_receiver_is_noted() -> None:
    shop = flow(step("a", "one"))
    shop.fake("a", emits=[("nobody.home", 1), ("nobody.home", 2)])
    run = await shop.emit("orders", "one")
    assert run.notes == ["nobody receives `nobody.home`"]
    assert run.emitted("nobody.home") == [1, 2]


async def test_notes_are_bounded() -> None:
    shop = flow(step("a", "one"))
    shop.fake("a", emits=[(f"topic.{n}", n) for n in range(80)])
    run = await shop.emit("orders", "one")
    assert len(run.notes) == 50


async def test_a_message_from_outside_joins_the_run() -> None:
    shop = flow(step("slow", "one", delay=60), step("b", "two"))
    run = await shop.emit("orders", "one")
    await run.send("two", "first")
    await run.send("two", "second")
    assert [d.input for d in run.deliveries("b")] == ["first", "second"]
    assert run.outcome is None
    await shop.advance(minutes=1)
    assert run.outcome == "completed"


async def test_a_run_without_subscribers_completes_at_once() -> None:
    only = SubscriptionPlan(topic="x", where="message == 1")
    run = await flow(step("a", only)).emit("orders", "x", 2)
    assert run.outcome == "completed"


async def test_a_delay_holds_the_delivery_back() -> None:
    shop = flow(step("remind", "one", delay=3600))
    run = await shop.emit("orders", "one")
    await shop.advance(minutes=59)
    assert run.deliveries()[0].attempts == []
    assert run.waiting.sentence == "“Remind” is due at 2026-01-01 01:00:00 UTC."
    await shop.advance(minutes=1)
    assert run.outcome == "completed"


async def test_the_window_bounds_what_is_in_flight() -> None:
    shop = flow(step("a", "one"), step("b", "two"), limits=Limits(in_flight=3))
    shop.fake("a", emits=[("two", n) for n in range(10)])
    in_flight: list[int] = []

    def count(data: object, ctx: object) -> None:
        (run,) = shop.runs()
        in_flight.append(run.driver.machine.running)

    shop.fake("b", handler=count)
    run = await shop.emit("orders", "one")
    assert len(run.deliveries("b")) == 10
    assert max(in_flight) == 3


class TestIsolation:
    async def test_a_message_stays_in_its_flow(self) -> None:
        shop = project(
            plan(step("a", "one"), flow="orders"),
            plan(step("b", "two"), flow="billing"),
        )
        shop.fake("a", emits=[("two", 1)])
        run = await shop.emit("orders", "one")
        assert shop.runs("billing") == []
        assert run.notes == ["nobody receives `two`"]

    async def test_a_shared_message_starts_a_linked_run(self) -> None:
        shop = project(
            plan(step("a", "one"), step("c", "two"), flow="orders", shared={"two": ("billing",)}),
            plan(step("b", "two"), flow="billing"),
        )
        shop.fake("a", emits=[("two", {"n": 1})])
        run = await shop.emit("orders", "one")
        (linked,) = shop.runs("billing")
        assert [d.input for d in linked.deliveries("b")] == [{"n": 1}]
        assert [d.step for d in run.deliveries()] == ["a", "c", ""]
        assert linked.trigger.kind == "flow"
        assert linked.trigger.topic == "two"
        assert linked.trigger.parent is not None
        assert linked.trigger.parent.run_id == run.run_id
        assert run.outcome == linked.outcome == "completed"

    async def test_a_linked_run_does_not_send_its_starting_message_back(self) -> None:
        shop = project(
            plan(step("a", "one"), step("c", "two"), flow="orders", shared={"two": ("billing",)}),
            plan(step("b", "two"), flow="billing", shared={"two": ("orders",)}),
        )
        shop.fake("a", emits=[("two", 1)])
        await shop.emit("orders", "one")
        assert len(shop.runs("orders")) == 1
        assert len(shop.runs("billing")) == 1

    async def test_the_id_of_the_linked_run_is_stable(self) -> None:
        found: list[str] = []
        for _ in range(2):
            shop = project(
                plan(step("a", "one"), flow="orders", shared={"two": ("billing",)}),
                plan(step("b", "two"), flow="billing"),
            )
            shop.fake("a", emits=[("two", 1)])
            await shop.emit("orders", "one")
            found += [run.run_id for run in shop.runs("billing")]
        assert found[0] == found[1]
        assert len(found[0]) == 32

    async def test_a_message_that_cannot_be_handed_over_is_held(self) -> None:
        shop = project(plan(step("a", "one"), flow="orders", shared={"two": ("gone",)}))
        shop.fake("a", emits=[("two", 1)])
        run = await shop.emit("orders", "one")
        (held,) = run.held
        assert held.name == "Message to flow `gone`"
        assert run.waiting.sentence == (
            "An operator has to retry or skip the message to flow “gone”: "
            "there is no flow `gone` in this test"
        )
        await run.skip()
        assert run.outcome == "completed"


async def test_too_many_deliveries_name_the_loop() -> None:
    shop = flow(
        step("ping", "ping", emits=["pong"]),
        step("pong", "pong", emits=["ping"]),
        limits=Limits(deliveries=20),
    )
    shop.fake("ping", emits=[("pong", 1)])
    shop.fake("pong", emits=[("ping", 1)])
    run = await shop.emit("orders", "ping")
    assert run.outcome == "failed"
    assert run.error is not None
    assert run.error.code == "too_many_deliveries"
    assert run.error.message == (
        "the run reached its bound of 20 deliveries in the loop ping → pong → ping; "
        "hint: end the loop, or raise `limits.deliveries` of the flow"
    )


async def test_too_many_deliveries_without_a_loop_name_the_step() -> None:
    shop = flow(step("a", "one", emits=["two"]), step("b", "two"), limits=Limits(deliveries=5))
    shop.fake("a", emits=[("two", n) for n in range(9)])
    run = await shop.emit("orders", "one")
    assert run.error is not None
    assert "in step `b`;" in run.error.message


class TestBound:
    """Whatever makes the delivery too many, it stays open, and the run says where it was."""

    async def test_a_message_to_another_flow(self) -> None:
        orders = plan(step("a", "x"), shared={"y": ("mail",)}, limits=Limits(deliveries=1))
        shop = project(orders, plan(step("b", "y"), flow="mail"))
        shop.fake("a", emits=[("y", 1)])
        run = await shop.emit("orders", "x")
        assert run.error is not None
        assert run.error.code == "too_many_deliveries"
        assert [d.status for d in run.deliveries()] == ["completed", "failed"]
        assert shop.runs("mail") == []

    async def test_a_join_that_failed(self) -> None:
        shop = flow(
            step("a", "x"),
            step("pack", "x", "y", join=JoinPlan(), on_failure="ignore"),
            limits=Limits(deliveries=1),
        )
        run = await shop.emit("orders", "x")
        assert run.error is not None
        assert run.error.code == "too_many_deliveries"
        assert [d.step for d in run.deliveries() if d.status == "failed"] == ["pack"]

    async def test_the_shortest_loop_is_named(self) -> None:
        shop = flow(
            step("a", "t", emits=["u", "v"]),
            step("b", "u", emits=["w"]),
            step("c", "v", emits=["w"]),
            step("d", "w", emits=["v", "t"]),
            limits=Limits(deliveries=30),
        )
        shop.fake("a", emits=[("u", 1), ("v", 1)])
        shop.fake("b", emits=[("w", 1)])
        shop.fake("c", emits=[("w", 1)])
        shop.fake("d", emits=[("t", 1)])
        run = await shop.emit("orders", "t")
        assert run.error is not None
        assert "the loop d → c → d;" in run.error.message


async def test_an_unknown_topic_is_a_mistake_of_the_test() -> None:
    with pytest.raises(LookupError, match=r"did you mean `order\.placed`"):
        await flow(step("a", "order.placed")).emit("orders", "order.place")
