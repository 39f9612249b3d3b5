"""Tasks: what people do to them, who may, and how several decide together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machine.outside import Driven, outside
from tests.machine.plans import step
from wistro.machine.commands import Announce, CancelCall, ShowTask
from wistro.machine.events import CancelAsked, OperatorAsked, PersonActed, TaskShown
from wistro.machine.operators import OperationRefused
from wistro.machine.plan import ApprovalPlan, OnFailure, OutcomePlan, TaskPlan
from wistro.machine.waiting import waiting

HOUR = 3600.0
APPROVED = OutcomePlan(topic="approved", where='message.outcome == "approved"')
REFUSED = OutcomePlan(topic="refused", where='message.outcome == "refused"')


def asking(task: TaskPlan, *, on_failure: OnFailure = "fail") -> Driven:
    """A run whose task was opened with an order."""
    emits = (APPROVED, REFUSED) if task.approval else ("answered",)
    return Driven(
        outside("ask", "go", task=task, emits=emits, on_failure=on_failure),
        step("after", "answered", "approved"),
        step("without", "refused"),
        step("tell", "opened", "reminded", "escalated"),
        data={"order": 7},
    )


def voting(needed: int, people: int = 3, *, veto: bool = False) -> Driven:
    """A run whose task several people decide."""
    names = tuple(f"p{number}" for number in range(people))
    return asking(TaskPlan(assignees=names, approval=ApprovalPlan(needed=needed, veto=veto)))


class TestAnswers:
    def test_the_first_answer_counts_and_says_who_and_when(self) -> None:
        run = asking(TaskPlan())
        assert run.state.outcome is None
        run.now = 60.0
        run.acts("ask", data={"refund": True})
        assert run.received("after") == [
            {
                "request": {"order": 7},
                "answer": {"refund": True},
                "by": "ada",
                "at": "1970-01-01T00:01:00Z",
                "outcome": "answered",
                "votes": [{"by": "ada", "at": "1970-01-01T00:01:00Z", "answer": {"refund": True}}],
                "remarks": [],
            }
        ]
        assert run.state.outcome == "completed"

    def test_no_worker_is_held_meanwhile(self) -> None:
        run = asking(TaskPlan())
        assert run.machine.running == 0

    def test_answered_twice(self) -> None:
        run = asking(TaskPlan())
        id = run.waits("ask").id
        run.acts("ask")
        with pytest.raises(OperationRefused, match="closed"):
            run.apply(PersonActed(at=1, delivery_id=id, action="answer", by="bob"))

    def test_people_are_shown_it_and_then_that_it_is_closed(self) -> None:
        run = asking(TaskPlan(assignees=("ada",)))
        run.acts("ask", "comment", text="looks odd")
        run.acts("ask")
        shown = run.of(ShowTask)
        assert [bool(each.task) for each in shown] == [True, True, False]
        assert [each.opened for each in shown] == [True, False, False]
        revisions = [each.revision for each in shown]
        assert revisions == sorted(set(revisions))

    def test_who_did_what_is_announced(self) -> None:
        run = voting(2)
        run.acts("ask", "comment", by="p1", text="looks odd")
        run.acts("ask", "attach", by="p2", data={"name": "bill.pdf"})
        run.acts("ask", "reassign", by="p0", assignees=("p0", "p1"))
        run.acts("ask", by="p0", data={"approved": True})
        run.acts("ask", by="p1", data={"approved": True})
        announced = [(each.kind, each.by) for each in run.of(Announce)]
        assert announced == [
            ("delivery.opened", ""),
            ("task.commented", "p1"),
            ("task.attached", "p2"),
            ("task.reassigned", "p0"),
            ("task.answered", "p0"),
            ("task.answered", "p1"),
            ("delivery.settled", ""),
        ]

    def test_a_run_that_is_cancelled_closes_its_tasks(self) -> None:
        run = asking(TaskPlan())
        run.apply(CancelAsked(at=1))
        assert run.of(ShowTask)[-1].task is None
        assert run.state.outcome == "cancelled"
        assert [settled.step for settled in run.state.settled] == ["ask"]

    def test_skipped_by_an_operator(self) -> None:
        run = asking(TaskPlan())
        run.apply(OperatorAsked(at=1, action="skip", delivery_id=run.waits("ask").id))
        assert run.of(ShowTask)[-1].task is None
        assert run.state.outcome == "completed"

    def test_asked_again_by_an_operator(self) -> None:
        run = asking(TaskPlan())
        run.acts("ask", "comment", text="which order?")
        again = OperatorAsked(at=1, action="retry", delivery_id=run.waits("ask").id, data={"o": 8})
        run.apply(again)
        assert run.waits("ask").data == {"o": 8}
        closed, opened = run.of(ShowTask)[-2:]
        assert closed.task is None
        assert opened.opened
        assert opened.revision > closed.revision


class TestWhoMay:
    def test_those_it_is_assigned_to(self) -> None:
        run = asking(TaskPlan(assignees=("ada",)))
        with pytest.raises(OperationRefused, match="`bob` may not"):
            run.acts("ask", by="bob")
        run.acts("ask", by="ada")

    def test_those_with_a_role(self) -> None:
        run = asking(TaskPlan(roles=("finance",)))
        with pytest.raises(OperationRefused, match="assigned to others"):
            run.acts("ask", by="bob", roles=("sales",))
        run.acts("ask", by="bob", roles=("finance",))

    def test_whoever_holds_a_token_or_a_link(self) -> None:
        run = asking(TaskPlan(assignees=("ada",)))
        run.acts("ask", by="bob", anyone=True)
        assert run.received("after")

    def test_reassigned(self) -> None:
        run = asking(TaskPlan(assignees=("ada",), roles=("finance",)))
        run.acts("ask", "reassign", assignees=("bob",), to_roles=())
        with pytest.raises(OperationRefused):
            run.acts("ask", by="ada", roles=("finance",))
        run.acts("ask", by="bob")

    def test_reassigning_only_people_leaves_the_roles(self) -> None:
        run = asking(TaskPlan(assignees=("ada",), roles=("finance",)))
        run.acts("ask", "reassign", assignees=("bob",))
        assert run.state.tasks[run.waits("ask").id].roles == ["finance"]

    def test_a_link_answers_once(self) -> None:
        run = asking(TaskPlan(approval=ApprovalPlan(needed=2)))
        run.acts("ask", by="ada", anyone=True, link="x", data={"approved": True})
        with pytest.raises(OperationRefused, match="has been used"):
            run.acts("ask", by="bob", anyone=True, link="x", data={"approved": True})


class TestRemarks:
    def test_comments_and_files_stay_with_it(self) -> None:
        run = asking(TaskPlan())
        run.acts("ask", "comment", text="please look")
        run.acts("ask", "attach", by="bob", data={"id": "f", "name": "photo.png"})
        remarks = run.state.tasks[run.waits("ask").id].remarks
        assert [(r.by, r.text, r.attachment) for r in remarks] == [
            ("ada", "please look", None),
            ("bob", "", {"id": "f", "name": "photo.png"}),
        ]

    def test_an_answer_may_say_why(self) -> None:
        run = asking(TaskPlan(approval=ApprovalPlan(needed=2)))
        run.acts("ask", data={"approved": True}, text="a good customer")
        assert run.state.tasks[run.waits("ask").id].remarks[0].text == "a good customer"

    def test_there_is_an_end_to_them(self) -> None:
        run = asking(TaskPlan())
        for _ in range(500):
            run.acts("ask", "comment", text="!")
        with pytest.raises(OperationRefused, match="500"):
            run.acts("ask", "comment", text="!")
        run.acts("ask")


class TestSeveral:
    def test_enough_approve(self) -> None:
        run = voting(needed=2)
        run.acts("ask", by="p0", data={"approved": True})
        assert run.state.outcome is None
        run.acts("ask", by="p1", data={"approved": True})
        (message,) = run.received("after")
        assert isinstance(message, dict)
        assert message["outcome"] == "approved"
        assert [vote["by"] for vote in message["votes"]] == ["p0", "p1"]

    def test_nobody_votes_twice(self) -> None:
        run = voting(needed=2)
        run.acts("ask", by="p0", data={"approved": True})
        with pytest.raises(OperationRefused, match="`p0` has answered"):
            run.acts("ask", by="p0", data={"approved": True})

    def test_refused_once_too_few_are_left(self) -> None:
        run = voting(needed=2)
        run.acts("ask", by="p0", data={"approved": False})
        assert run.state.outcome is None
        run.acts("ask", by="p1", data={"approved": False})
        assert run.received("without")
        assert not run.received("after")

    def test_a_veto(self) -> None:
        run = voting(needed=2, veto=True)
        run.acts("ask", by="p0", data={"approved": True})
        run.acts("ask", by="p1", data={"approved": False})
        assert run.received("without")

    def test_a_role_has_no_number(self) -> None:
        task = TaskPlan(roles=("finance",), approval=ApprovalPlan(needed=1))
        run = asking(task)
        for name in ("a", "b", "c"):
            run.acts("ask", by=name, roles=("finance",), data={"approved": False})
        assert run.state.outcome is None
        run.acts("ask", by="d", roles=("finance",), data={"approved": True})
        assert run.received("after")

    def test_a_number_may_be_given_instead(self) -> None:
        task = TaskPlan(roles=("finance",), approval=ApprovalPlan(needed=2, of=2))
        run = asking(task)
        run.acts("ask", by="a", roles=("finance",), data={"approved": False})
        assert run.received("without")

    def test_an_answer_without_the_field_does_not_approve(self) -> None:
        run = voting(needed=1, people=1)
        run.acts("ask", by="p0", data={"note": "?"})
        assert run.received("without")


class TestTime:
    TASK = TaskPlan(
        assignees=("ada",),
        deadline=4 * HOUR,
        reminders=(HOUR, 3 * HOUR),
        opened_topic="opened",
        reminder_topic="reminded",
        escalation_topic="escalated",
    )

    def test_reminded_and_escalated_and_still_open(self) -> None:
        run = asking(self.TASK)
        run.passes(5 * HOUR)
        told = run.received("tell")
        assert [isinstance(t, dict) and t.get("reminder") for t in told] == [1, 2, None]
        assert isinstance(told[-1], dict)
        assert told[-1]["due_at"] == "1970-01-01T04:00:00Z"
        assert told[-1]["request"] == {"order": 7}
        assert run.state.tasks[run.waits("ask").id].escalated
        run.acts("ask")
        assert run.received("after")

    def test_an_answer_in_time_stops_the_clock(self) -> None:
        run = asking(self.TASK)
        run.passes(2 * HOUR)
        run.acts("ask")
        assert not run.state.timers
        assert len(run.received("tell")) == 1

    def test_closed_by_its_deadline(self) -> None:
        run = asking(replace(self.TASK, close=True))
        run.passes(5 * HOUR)
        assert len(run.received("tell")) == 3
        assert not run.state.tasks
        assert run.state.outcome == "completed"

    def test_closed_without_anybody_to_tell_fails(self) -> None:
        run = asking(TaskPlan(deadline=HOUR, close=True))
        run.passes(2 * HOUR)
        assert run.state.outcome == "failed"
        assert run.state.error is not None
        assert (run.state.error.code, run.state.error.message) == (
            "timeout",
            "nobody answered in time",
        )

    def test_or_is_held(self) -> None:
        run = asking(TaskPlan(deadline=HOUR, close=True), on_failure="hold")
        run.passes(2 * HOUR)
        assert run.state.outcome is None
        (held,) = run.state.deliveries.values()
        run.apply(OperatorAsked(at=run.now, action="retry", delivery_id=held.id))
        run.acts("ask")
        assert run.received("after")

    def test_overdue_without_a_topic_stays_open(self) -> None:
        run = asking(TaskPlan(deadline=HOUR))
        run.passes(2 * HOUR)
        assert run.waits("ask")

    def test_the_clock_survives_a_fresh_history(self) -> None:
        run = asking(self.TASK)
        run.passes(2 * HOUR)
        run.continue_as_new()
        run.passes(3 * HOUR)
        assert len(run.received("tell")) == 3

    def test_told_with_links_when_it_is_in_the_inbox(self) -> None:
        run = asking(self.TASK)
        links = [{"to": "ada", "url": "https://shop.example/task/x"}]
        run.apply(TaskShown(at=1, delivery_id=run.waits("ask").id, links=links))
        (told,) = run.received("tell")
        assert isinstance(told, dict)
        assert (told["links"], told["assignees"]) == (links, ["ada"])

    def test_shown_too_late(self) -> None:
        run = asking(self.TASK)
        id = run.waits("ask").id
        run.acts("ask")
        run.apply(TaskShown(at=1, delivery_id=id, links=[]))
        assert not run.received("tell")


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        (TaskPlan(), "“Ask” waits for somebody to answer."),
        (
            TaskPlan(assignees=("ada",), roles=("finance",), deadline=60.0),
            "“Ask” waits for ada, the role finance to answer until 1970-01-01 00:01:00 UTC.",
        ),
    ],
)
def test_why_it_waits(task: TaskPlan, sentence: str) -> None:
    run = asking(task)
    why = waiting(run.plan, run.state)
    assert (why.kind, why.sentence) == ("person", sentence)
    assert not run.of(CancelCall)
