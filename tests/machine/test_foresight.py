"""What repairs will do, in plain words."""

from __future__ import annotations

import pytest

from tests.machine.plans import ONCE, plan, step
from wistro import foresight
from wistro.machine.plan import JoinPlan, Plan, RetryPlan
from wistro.machine.state import Delivery, Joining, RunState
from wistro.repairs import StepMention


def shop() -> Plan:
    """Two branches meet in `pack`."""
    return plan(
        step("pay", "placed", emits=["paid"], retry=RetryPlan(attempts=5, first_delay=90)),
        step("pick", "placed", emits=["picked"], on_failure="hold"),
        step("pack", "paid", "picked", join=JoinPlan(), emits=["packed"]),
        step("ship", "packed", retry=ONCE, on_failure="ignore"),
    )


def state(**statuses: str) -> RunState:
    """A run with a delivery to each of some steps."""
    found = {
        id: Delivery(id=id, number=1, step=id, topic=None, data=None, status=status)  # type: ignore[arg-type]
        for id, status in statuses.items()
    }
    return RunState(run_id="r", deliveries=found)


def test_attempts_are_told_by_the_policy() -> None:
    steps = shop().steps
    assert foresight.attempts_sentence(steps["pay"], edited=True, where="in this run") == (
        "“Pay” is made again in this run, with the edited input: up to 5 attempts, the second 1.5 min later."
    )
    assert foresight.attempts_sentence(steps["ship"], edited=False, where="there") == (
        "“Ship” is made again there, with the same input: one attempt."
    )


@pytest.mark.parametrize(
    ("name", "then"),
    [
        ("pay", "the run fails"),
        ("pick", "it is held again for an operator"),
        ("ship", "it is ignored, and the run goes on"),
    ],
)
def test_a_failure_is_told_by_the_policy(name: str, then: str) -> None:
    said = foresight.failure_sentence(shop().steps[name])
    assert said == f"If it does not succeed, {then}."


def test_what_a_join_will_lack_is_said() -> None:
    run = state(pay="held", pick="running")
    assert foresight.missing_sentences(shop(), run, run.deliveries["pay"]) == [
        "“Pack” also needs what “Pick” has not sent yet: that reaches this run, not the new one."
    ]
    alone = state(pay="held")
    assert foresight.missing_sentences(shop(), alone, alone.deliveries["pay"]) == []


def test_what_a_join_keeps_is_said() -> None:
    run = state(pay="queued")
    run.joining["j"] = Joining(step="pack", key="null", received=[("picked", 1)], dormant=True)
    assert foresight.kept_sentences(shop(), run) == [
        "“Pack” keeps the message that came from beside it, and goes on once the rest is there."
    ]


def test_a_skipped_delivery_leaves_joins_waiting() -> None:
    after = [foresight.mention(shop(), id) for id in ("pack", "ship")]
    said = foresight.skip_sentences(shop(), shop().steps["pay"], after)
    assert said[1:] == [
        "What would have followed gets no message from it: “Pack” and “Ship”.",
        "“Pack” may wait for it in vain, and then fails.",
    ]


def test_a_cancellation_says_what_ends() -> None:
    said = foresight.cancel_sentences(shop(), state(pay="running", pick="held"))
    assert "“Pay” is at work: told to stop, and left after 30 seconds." in said
    assert "1 delivery will not be made." in said


def test_long_lists_are_cut() -> None:
    steps = [StepMention(step=name, name=name.upper()) for name in "abcdef"]
    assert foresight.named(steps) == "“A”, “B”, “C”, “D” and 2 more"
