"""Puts together what is shown of a task: what the store lists of it, and what its run knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from wistro.machine.plan import ApprovalPlan
from wistro.machine.state import Remark, Settled, Task
from wistro.stores.inbox import InboxEntry
from wistro.tasks import (
    ApprovalView,
    AttachmentView,
    RemarkView,
    TaskDetail,
    TaskSummary,
    VoteView,
)
from wistro.temporal import wire

if TYPE_CHECKING:
    from wistro.project.descriptor import Descriptor


def summary_of(entry: InboxEntry, now: float) -> TaskSummary:
    """A line of an inbox."""
    return TaskSummary.model_validate(_members(entry, now))


def detail_of(
    entry: InboxEntry, step: Descriptor | None, snapshot: wire.Snapshot, now: float
) -> TaskDetail:
    """A task in full: as it is in its run, or as its run remembers it."""
    state, id = snapshot.state, entry.delivery_id
    plan = snapshot.plan.steps.get(entry.step)
    asked = {"approval": _approval(plan.task.approval if plan and plan.task else None)}
    task = state.tasks.get(id)
    if task is not None:
        told = {**asked, "request": state.deliveries[id].data, **_left(task)}
        return _detail(entry, step, now, told)
    settled = next((each for each in reversed(state.settled) if each.id == id), None)
    return _detail(entry, step, now, {**asked, **(_closed(settled) if settled else {})})


def forgotten(entry: InboxEntry, step: Descriptor | None, now: float) -> TaskDetail:
    """A task whose run is past its retention: what is left of it."""
    return _detail(entry, step, now, {})


def _detail(
    entry: InboxEntry, step: Descriptor | None, now: float, told: Mapping[str, object]
) -> TaskDetail:
    about = {"description": step.description, "input": step.input} if step else {}
    return TaskDetail.model_validate({**_members(entry, now), **about, **told})


def _members(entry: InboxEntry, now: float) -> dict[str, object]:
    is_open = entry.closed_at is None
    return {
        "id": entry.id,
        "flow": entry.flow,
        "run_id": entry.run_id,
        "delivery_id": entry.delivery_id,
        "step": entry.step,
        "name": entry.name,
        "status": "open" if is_open else "closed",
        "assignees": list(entry.assignees),
        "roles": list(entry.roles),
        "opened_at": _moment(entry.opened_at),
        "due_at": None if entry.due_at is None else _moment(entry.due_at),
        "overdue": is_open and entry.due_at is not None and entry.due_at < now,
        "votes": entry.votes,
        "closed_at": None if entry.closed_at is None else _moment(entry.closed_at),
    }


def _left(task: Task) -> dict[str, object]:
    """What people have said so far, or until it was closed."""
    return {
        "votes": len(task.votes),
        "answers": [
            VoteView(by=vote.by, at=_moment(vote.at), answer=vote.data) for vote in task.votes
        ],
        "remarks": [_remark(remark) for remark in task.remarks],
    }


def _closed(settled: Settled) -> dict[str, object]:
    message = settled.output
    told: dict[str, object] = {"request": settled.data, "emitted": list(settled.topics)}
    if isinstance(message, Mapping):
        decided = cast("Mapping[str, object]", message)
        told["outcome"] = decided.get("outcome")
    return told if settled.task is None else {**told, **_left(settled.task)}


def _remark(remark: Remark) -> RemarkView:
    attachment = remark.attachment
    return RemarkView(
        by=remark.by,
        at=_moment(remark.at),
        text=remark.text,
        attachment=None if attachment is None else AttachmentView.model_validate(attachment),
    )


def _approval(plan: ApprovalPlan | None) -> ApprovalView | None:
    return plan and ApprovalView(needed=plan.needed, of=plan.of, veto=plan.veto)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
