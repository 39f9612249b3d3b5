"""Plans: what of the lock a run carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.writing import FIXTURES, api, compile_here, event, write_project
from wistro.errors import SetupError
from wistro.machine.plan import JoinPlan, Limits, RetryPlan, StepPlan, SubscriptionPlan
from wistro.options import seconds
from wistro.policies import BUILT_IN, Retry
from wistro.project import compile_plan
from wistro.project.lock import LOCK_FILE, load_lock
from wistro.project.settings import FlowLimits

LOCK = load_lock(FIXTURES / "shop" / LOCK_FILE)


def test_the_plan_of_a_flow() -> None:
    plan = compile_plan(LOCK, "orders")
    assert (plan.project, plan.flow, plan.build) == ("shop", "orders", LOCK.build)
    assert plan.limits == Limits(deliveries=500, in_flight=50, timeout=172_800.0)
    assert plan.shared == {"order.completed": ("shipping",)}
    assert "ship" not in plan.steps
    assert [step.id for step, _ in plan.routes["order.placed"]] == ["charge_card", "review"]


def test_a_step_with_limits_has_a_queue_of_its_own() -> None:
    step = compile_plan(LOCK, "orders").steps["charge_card"]
    assert step == StepPlan(
        id="charge_card",
        name="Charge the customer's card",
        kind="event",
        queue="shop.steps.charge_card",
        subscribes=(SubscriptionPlan(topic="order.placed"),),
        emits=("payment.taken", "payment.refused"),
        retry=RetryPlan(attempts=5, first_delay=2.0, terminal=("ValueError",)),
        on_failure="emit",
        failure_topic="payment.failed",
        timeout=60.0,
    )


def test_joins_filters_and_inline() -> None:
    step = compile_plan(LOCK, "orders").steps["complete_order"]
    assert step.join == JoinPlan(key="message.order_id", timeout=3600.0, on_timeout="deliver")
    assert step.subscribes[1] == SubscriptionPlan(topic="review.passed", where="message.score > 3")
    assert (step.inline, step.queue, step.on_failure) == (True, "shop.runs", "hold")
    assert step.retry == RetryPlan(attempts=4, first_delay=0.5)


def test_the_other_side_of_a_shared_topic() -> None:
    plan = compile_plan(LOCK, "shipping")
    assert plan.shared == {}
    assert list(plan.steps) == ["ship", "stock-taking"]


def test_a_flow_that_has_the_message_already_gets_no_run(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "wistro.yml": "topics: { t: { shared: true } }",
            "steps/start.step.py": api("Start", flows=["a"], emits=["t"]),
            "steps/both.step.py": event("Both", "t", flows=["a", "b"]),
            "steps/only.step.py": event("Only", "t", flows=["c"]),
        },
    )
    lock = compile_here(tmp_path).lock
    assert compile_plan(lock, "a").shared == {"t": ("c",)}


def test_a_trigger_of_several_flows_runs_in_the_first_and_reaches_the_others(
    tmp_path: Path,
) -> None:
    write_project(
        tmp_path,
        {
            "steps/start.step.py": api("Start", flows=["a", "b"], emits=["t"]),
            "steps/here.step.py": event("Here", "t", flows=["a"], emits=["u"]),
            "steps/there.step.py": event("There", "t", flows=["b"], emits=["u"]),
            "steps/after.step.py": event("After", "u", flows=["b"]),
        },
    )
    compiled = compile_here(tmp_path)
    assert [(f.code, f.file) for f in compiled.findings] == [
        ("nobody_receives", "steps/here.step.py")
    ]
    assert compile_plan(compiled.lock, "a").shared == {"t": ("b",)}
    assert compile_plan(compiled.lock, "b").shared == {}


def test_unknown_flow() -> None:
    with pytest.raises(SetupError, match="no flow `ordres`") as caught:
        compile_plan(LOCK, "ordres")
    assert caught.value.hint == "did you mean `orders`?"


def test_defaults_are_said_once() -> None:
    """The machine has no pydantic, so its defaults are written a second time: they must be equal."""
    step = StepPlan(id="a", name="a", kind="event", queue="q")
    retry = Retry()
    assert step.retry == RetryPlan(
        attempts=retry.attempts,
        first_delay=retry.first_delay.total_seconds(),
        factor=retry.factor,
        max_delay=retry.max_delay.total_seconds(),
    )
    assert BUILT_IN.retry == retry
    assert BUILT_IN.timeout
    assert BUILT_IN.heartbeat
    assert (step.timeout, step.heartbeat) == (
        seconds(BUILT_IN.timeout),
        seconds(BUILT_IN.heartbeat),
    )
    assert vars(Limits()) == FlowLimits().model_dump()


def test_what_happens_outside_is_in_the_plan() -> None:
    review = compile_plan(LOCK, "orders").steps["review"]
    assert review.outside
    assert review.task is not None
    assert [outcome.topic for outcome in review.outcomes] == ["review.passed"]
    assert review.retry.attempts == 1
