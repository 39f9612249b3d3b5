"""Steps that wait for people, under test."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.machine.outside import outside
from tests.machine.plans import flow, step
from wistro.machine.operators import OperationRefused
from wistro.machine.plan import ApprovalPlan, OutcomePlan, TaskPlan
from wistro.testing import FlowHarness
from wistro.testing.clock import START

REFUND = TaskPlan(
    assignees=("anna",),
    roles=("desk",),
    deadline=3600.0,
    reminders=(1800.0,),
    opened_topic="task.opened",
    reminder_topic="task.due",
    escalation_topic="task.overdue",
)


def desk(task: TaskPlan = REFUND) -> FlowHarness:
    yes = OutcomePlan(topic="refund.approved", where="message.answer.approved")
    no = OutcomePlan(topic="refund.refused", where="!message.answer.approved")
    return flow(
        outside("approve", "refund.asked", task=task, emits=(yes, no)),
        step("pay", "refund.approved"),
        step("regret", "refund.refused"),
    )


async def test_a_person_answers() -> None:
    shop = desk()
    run = await shop.emit("orders", "refund.asked", {"order": 7})
    (task,) = run.tasks()
    assert (task.step, task.name, task.request) == ("approve", "Approve", {"order": 7})
    assert (task.assignees, task.roles) == (("anna",), ("desk",))
    assert task.due_at == START + timedelta(hours=1)
    assert run.waiting.kind == "person"
    (waiting,) = run.deliveries("approve")
    assert (waiting.status, waiting.started_at, waiting.finished_at) == ("waiting", START, None)

    await shop.advance(minutes=10)
    await run.answer_task("approve", {"approved": True}, by="anna")
    assert run.outcome == "completed"
    (message,) = run.emitted("refund.approved")
    assert isinstance(message, dict)
    assert (
        message.items()
        >= {
            "request": {"order": 7},
            "answer": {"approved": True},
            "by": "anna",
            "at": "2026-01-01T00:10:00Z",
            "outcome": "answered",
            "votes": [{"by": "anna", "at": "2026-01-01T00:10:00Z", "answer": {"approved": True}}],
        }.items()
    )
    answered, paid = run.deliveries("approve")[0], run.deliveries("pay")[0]
    assert (answered.status, answered.output) == ("completed", message)
    assert answered.finished_at == START + timedelta(minutes=10)
    assert [e.topic for e in answered.emissions] == ["refund.approved"]
    assert (paid.input, paid.parent) == (message, answered.delivery_id)
    assert run.tasks() == []


async def test_who_may_not_answer_is_refused() -> None:
    run = await desk().emit("orders", "refund.asked", {"order": 7})
    with pytest.raises(OperationRefused, match="`bob` may not act on this task"):
        await run.answer_task("approve", {"approved": True}, by="bob")
    await run.answer_task("approve", {"approved": False}, by="bob", roles=["desk"])
    assert run.emitted("refund.refused") != []


async def test_people_are_told_reminded_and_overtaken() -> None:
    shop = desk()
    run = await shop.emit("orders", "refund.asked", {"order": 7})
    assert [m["request"] for m in run.emitted("task.opened")] == [{"order": 7}]  # type: ignore[index]
    await shop.advance(minutes=30)
    assert len(run.emitted("task.due")) == 1
    await shop.advance(minutes=30)
    assert len(run.emitted("task.overdue")) == 1
    assert run.tasks()[0].escalated
    await run.answer_task(data={"approved": True}, by="anna")
    assert run.outcome == "completed"


async def test_talking_about_a_task_and_giving_it_to_others() -> None:
    run = await desk().emit("orders", "refund.asked", {"order": 7})
    await run.comment("approve", "Has she paid?", by="anna")
    await run.reassign(assignees=["carl"], to_roles=[], by="anna")
    (task,) = run.tasks()
    assert (task.assignees, task.roles) == (("carl",), ())
    assert [(r.by, r.text) for r in task.remarks] == [("anna", "Has she paid?")]
    with pytest.raises(OperationRefused):
        await run.answer_task("approve", {"approved": True}, by="anna")
    await run.answer_task(task, {"approved": True}, by="carl")
    assert run.outcome == "completed"


async def test_two_of_three_decide() -> None:
    approval = ApprovalPlan(needed=2, of=3)
    run = await desk(TaskPlan(approval=approval)).emit("orders", "refund.asked", {"order": 7})
    await run.answer_task("approve", {"approved": True}, by="a")
    assert [vote.by for vote in run.tasks()[0].votes] == ["a"]
    with pytest.raises(OperationRefused, match="answered this task already"):
        await run.answer_task("approve", {"approved": True}, by="a")
    await run.answer_task("approve", {"approved": True}, by="b")
    assert run.emitted("refund.approved")[0]["outcome"] == "approved"  # type: ignore[index]


async def test_a_task_that_is_not_there() -> None:
    run = await desk().emit("orders", "refund.asked", {"order": 7})
    with pytest.raises(
        LookupError, match="open task of `aprove`, found 0; hint: did you mean `approve`"
    ):
        await run.answer_task("aprove", {})


async def test_a_cancelled_run_asks_nobody() -> None:
    run = await desk().emit("orders", "refund.asked", {"order": 7})
    await run.cancel()
    assert run.tasks() == []
    assert run.deliveries("approve")[0].status == "cancelled"
