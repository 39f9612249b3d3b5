"""The loop that a run goes round in is named."""

from __future__ import annotations

from tests.machine.plans import plan, step
from wistro.machine.loops import loop_of

DIAMOND = plan(
    step("split", "again", emits=["left", "right"]),
    step("left", "left", emits=["both"]),
    step("right", "right", emits=["both"]),
    step("meet", "both", emits=["again"]),
)


def test_the_busier_way_is_taken() -> None:
    left = loop_of(DIAMOND, "split", {"left": 9, "right": 1})
    right = loop_of(DIAMOND, "split", {"left": 1, "right": 9})
    assert left == ["split", "left", "meet", "split"]
    assert right == ["split", "right", "meet", "split"]


def test_a_step_may_loop_on_itself() -> None:
    assert loop_of(plan(step("a", "x", emits=["x"])), "a", {}) == ["a", "a"]


def test_failure_topics_count() -> None:
    again = step("a", "x", "failed", on_failure="emit", failure_topic="failed")
    assert loop_of(plan(again), "a", {}) == ["a", "a"]


def test_no_loop() -> None:
    assert loop_of(plan(step("a", "x", emits=["y"]), step("b", "y")), "a", {}) == []
