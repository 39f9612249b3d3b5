"""Steps that wait for a message from outside."""

from __future__ import annotations

import pytest

from tests.machine.outside import Driven, outside
from tests.machine.plans import step
from wistro.contract import Emission, StepResult
from wistro.machine.commands import Dispatch, ShowWait
from wistro.machine.events import CancelAsked, DeliveryCompleted
from wistro.machine.plan import AwaitPlan, OnFailure
from wistro.machine.waiting import waiting

SAME = "message.id == request.id"


def settling(
    where: str | None = SAME, *, timeout: float | None = None, on_failure: OnFailure = "fail"
) -> Driven:
    """A run that waits for the payment of its order."""
    return Driven(
        outside(
            "wait",
            "go",
            awaits=AwaitPlan(topic="paid", where=where, timeout=timeout),
            emits=("settled",),
            on_failure=on_failure,
            failure_topic="unpaid" if on_failure == "emit" else None,
        ),
        step("after", "settled"),
        step("chase", "unpaid"),
        data={"id": 7},
    )


def test_what_it_waits_for() -> None:
    run = settling()
    run.sends("paid", {"id": 7, "sum": 12})
    assert run.received("after") == [{"request": {"id": 7}, "answer": {"id": 7, "sum": 12}}]
    assert run.state.outcome == "completed"
    assert not run.state.notes


def test_what_is_meant_for_another() -> None:
    run = settling()
    run.sends("paid", {"id": 8})
    run.sends("paid", {"unlike": True})
    assert run.waits("wait")
    why = waiting(run.plan, run.state)
    assert (why.kind, why.sentence) == ("message", "“Wait” waits for a message on “paid”.")


def test_the_world_knows_how_long_it_waits() -> None:
    run = settling()
    assert [shown.closed for shown in run.of(ShowWait)] == [False]
    run.sends("paid", {"id": 7})
    assert [shown.closed for shown in run.of(ShowWait)] == [False, True]


def test_a_cancelled_run_waits_no_more() -> None:
    run = settling()
    run.apply(CancelAsked(at=1))
    assert run.of(ShowWait)[-1].closed


@pytest.mark.parametrize("on_failure", ["fail", "ignore", "emit", "hold"])
def test_too_late(on_failure: OnFailure) -> None:
    run = settling(timeout=60.0, on_failure=on_failure)
    run.passes(61)
    if on_failure == "emit":
        (told,) = run.received("chase")
        assert isinstance(told, dict)
        assert told["error"]["code"] == "timeout"
    outcomes = {"fail": "failed", "ignore": "completed", "emit": "completed", "hold": None}
    assert run.state.outcome == outcomes[on_failure]


def test_a_message_that_came_before_the_wait() -> None:
    run = Driven(
        step("first", "go", emits=["started"]),
        outside("wait", "started", awaits=AwaitPlan(topic="paid", where=SAME), emits=("settled",)),
        step("after", "settled"),
    )
    run.sends("paid", {"id": 1})
    run.sends("paid", {"id": 7})
    (first,) = run.of(Dispatch)
    emission = Emission(topic="started", data={"id": 7})
    result = StepResult(emissions=(emission,))
    run.apply(DeliveryCompleted(at=1, delivery_id=first.delivery.id, result=result))
    assert run.received("after") == [{"request": {"id": 7}, "answer": {"id": 7}}]
    assert run.state.early == [("paid", {"id": 1})]


def test_only_so_many_are_kept() -> None:
    run = settling()
    for number in range(150):
        run.sends("paid", {"id": 100 + number})
    assert len(run.state.early) == 100
    run.sends("paid", {"id": 7})
    assert run.received("after")


def test_a_message_of_its_own_run() -> None:
    run = Driven(
        outside("wait", "go", awaits=AwaitPlan(topic="paid"), emits=("settled",)),
        step("pay", "go", emits=["paid"]),
        step("after", "settled"),
    )
    (paying,) = run.of(Dispatch)
    result = StepResult(emissions=(Emission(topic="paid", data=1),))
    run.apply(DeliveryCompleted(at=1, delivery_id=paying.delivery.id, result=result))
    assert run.received("after") == [{"request": None, "answer": 1}]


def test_one_message_for_several_waits() -> None:
    run = Driven(
        outside("one", "go", awaits=AwaitPlan(topic="paid"), emits=("settled",)),
        outside("two", "go", awaits=AwaitPlan(topic="paid"), emits=("settled",)),
        step("after", "settled"),
        step("listen", "paid"),
    )
    run.sends("paid", 5)
    assert len(run.received("after")) == 2
    assert run.received("listen") == [5]


def test_its_time_survives_a_fresh_history() -> None:
    run = settling(timeout=60.0)
    run.continue_as_new()
    run.passes(61)
    assert run.state.outcome == "failed"
