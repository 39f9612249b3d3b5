"""Tasks: deliveries that people answer, alone or several together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from wistro.machine.events import PersonActed
from wistro.machine.operators import OperationRefused
from wistro.machine.plan import ApprovalPlan, TaskPlan
from wistro.machine.routing import Expressions, accepts
from wistro.machine.state import Remark, RunState, Task, Vote

MOST_REMARKS = 500


@dataclass(frozen=True, kw_only=True)
class Decision:
    """How people decided a task: `answered`, or `approved` and `refused` where several decide."""

    outcome: str
    vote: Vote
    """The answer that decided it."""


def open_task(plan: TaskPlan, at: float) -> Task:
    """A task as it is in the beginning."""
    return Task(
        opened_at=at,
        due_at=None if plan.deadline is None else at + plan.deadline,
        assignees=list(plan.assignees),
        roles=list(plan.roles),
    )


def check(state: RunState, event: PersonActed) -> None:
    """Raises `OperationRefused` when the person cannot do that to the task now."""
    task = state.tasks.get(event.delivery_id)
    if task is None or state.ending is not None or state.outcome is not None:
        raise OperationRefused(
            "the task is closed: somebody has answered it, or its run has ended", code="task_closed"
        )
    if not (event.anyone or may_act(task, event.by, event.roles)):
        raise OperationRefused(
            f"`{event.by}` may not act on this task: it is assigned to others",
            code="task_not_yours",
        )
    if event.action == "answer":
        if event.link is not None and any(vote.link == event.link for vote in task.votes):
            raise OperationRefused("this link has been used; it answers once", code="link_used")
        if any(vote.by == event.by for vote in task.votes):
            raise OperationRefused(
                f"`{event.by}` has answered this task already", code="task_answered"
            )
    elif event.action != "reassign" and len(task.remarks) >= MOST_REMARKS:
        raise OperationRefused(f"the task has {MOST_REMARKS} comments, which is the most it takes")


def may_act(task: Task, by: str, roles: tuple[str, ...]) -> bool:
    """Whether the task is theirs; one that is assigned to nobody is everybody's."""
    if not task.assignees and not task.roles:
        return True
    return by in task.assignees or any(role in task.roles for role in roles)


def act(
    task: Task, plan: TaskPlan, event: PersonActed, expressions: Expressions
) -> Decision | None:
    """Takes in what a person did; returns the decision once there is one."""
    if event.action == "reassign":
        if event.assignees is not None:
            task.assignees = list(event.assignees)
        if event.to_roles is not None:
            task.roles = list(event.to_roles)
    elif event.action == "answer":
        vote = Vote(by=event.by, at=event.at, data=event.data, link=event.link)
        task.votes.append(vote)
        if event.text:
            task.remarks.append(Remark(by=event.by, at=event.at, text=event.text))
        return _decide(task, plan, vote, expressions)
    else:
        attachment = event.data if event.action == "attach" else None
        remark = Remark(by=event.by, at=event.at, text=event.text, attachment=attachment)
        task.remarks.append(remark)
    return None


def message_of(task: Task, decision: Decision, request: object) -> dict[str, object]:
    """What is emitted for a task that was decided."""
    return {
        "request": request,
        "answer": decision.vote.data,
        "by": decision.vote.by,
        "at": moment(decision.vote.at),
        "outcome": decision.outcome,
        "votes": [
            {"by": vote.by, "at": moment(vote.at), "answer": vote.data} for vote in task.votes
        ],
        "remarks": [
            {"by": it.by, "at": moment(it.at), "text": it.text, "attachment": it.attachment}
            for it in task.remarks
        ],
    }


def notice_of(task: Task, request: object, **more: object) -> dict[str, object]:
    """What is emitted when a task is opened, is due soon, or is overdue."""
    return {
        "request": request,
        "assignees": list(task.assignees),
        "roles": list(task.roles),
        "opened_at": moment(task.opened_at),
        "due_at": None if task.due_at is None else moment(task.due_at),
        **more,
    }


def moment(at: float) -> str:
    """A moment as messages say it: ISO 8601, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _decide(task: Task, plan: TaskPlan, vote: Vote, expressions: Expressions) -> Decision | None:
    approval = plan.approval
    if approval is None:
        return Decision(outcome="answered", vote=vote)
    approvals = sum(accepts(expressions, approval.where, vote.data) for vote in task.votes)
    refusals = len(task.votes) - approvals
    if approvals >= approval.needed:
        return Decision(outcome="approved", vote=vote)
    electorate = _electorate(task, approval)
    hopeless = electorate is not None and electorate - refusals < approval.needed
    if refusals and (approval.veto or hopeless):
        return Decision(outcome="refused", vote=vote)
    return None


def _electorate(task: Task, approval: ApprovalPlan) -> int | None:
    """How many people may answer; None where a role says who."""
    if approval.of is not None:
        return approval.of
    return len(task.assignees) if task.assignees and not task.roles else None
