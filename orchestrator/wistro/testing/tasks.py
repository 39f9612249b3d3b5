"""The tasks of a run, as a test sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from wistro.machine.plan import Plan
from wistro.machine.state import Remark, RunState, Vote


@dataclass(frozen=True, kw_only=True)
class OpenTask:
    """A task that waits for people."""

    delivery_id: str
    step: str
    name: str
    """The step's name, for people."""
    request: object
    """The message that opened it."""
    assignees: tuple[str, ...]
    """Those who may answer, by name; without them and `roles`, everybody."""
    roles: tuple[str, ...]
    opened_at: datetime
    due_at: datetime | None
    escalated: bool
    votes: tuple[Vote, ...]
    """What people have answered so far."""
    remarks: tuple[Remark, ...]
    """What they said and attached."""


def open_tasks(plan: Plan, state: RunState) -> list[OpenTask]:
    """The tasks that are open, in the order in which they were opened."""
    found: list[OpenTask] = []
    for id, task in state.tasks.items():
        delivery = state.deliveries[id]
        found.append(
            OpenTask(
                delivery_id=id,
                step=delivery.step,
                name=plan.steps[delivery.step].name,
                request=delivery.data,
                assignees=tuple(task.assignees),
                roles=tuple(task.roles),
                opened_at=datetime.fromtimestamp(task.opened_at, UTC),
                due_at=None if task.due_at is None else datetime.fromtimestamp(task.due_at, UTC),
                escalated=task.escalated,
                votes=tuple(task.votes),
                remarks=tuple(task.remarks),
            )
        )
    return found
