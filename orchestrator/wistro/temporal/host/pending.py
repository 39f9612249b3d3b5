"""What a run waits for, one by one, from its state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from wistro.machine.state import Delivery
from wistro.runs import WaitView
from wistro.stores.inbox import task_id
from wistro.temporal import wire


def waits_of(snapshot: wire.Snapshot) -> list[WaitView]:
    """Everything that the run waits for now: people, messages, calls, operators, timers, joins."""
    return [*_of_deliveries(snapshot), *_of_joins(snapshot), *_deadline(snapshot)]


def _of_deliveries(snapshot: wire.Snapshot) -> Iterator[WaitView]:
    state = snapshot.state
    for delivery in state.deliveries.values():
        if delivery.status == "outside":
            yield _outside(snapshot, delivery)
        elif delivery.status == "held":
            yield _wait(snapshot, delivery, WaitView(kind="operator"))
        elif delivery.status == "waiting":
            due = state.timers.get(f"wake:{delivery.id}")
            yield _wait(snapshot, delivery, WaitView(kind="timer", until=_moment(due)))


def _outside(snapshot: wire.Snapshot, delivery: Delivery) -> WaitView:
    state, plan = snapshot.state, snapshot.plan
    step = plan.steps[delivery.step]
    if (task := state.tasks.get(delivery.id)) is not None:
        found = WaitView(
            kind="person",
            task=task_id(plan.flow, state.run_id, delivery.id),
            who=[*task.assignees, *(f"the role {role}" for role in task.roles)],
            until=_moment(task.due_at),
        )
    elif step.awaits is not None:
        found = WaitView(kind="message", topic=step.awaits.topic)
    else:
        found = WaitView(kind="call", flow=step.calls.flow if step.calls else None)
    return _wait(snapshot, delivery, found)


def _of_joins(snapshot: wire.Snapshot) -> Iterator[WaitView]:
    state = snapshot.state
    for id, joining in state.joining.items():
        yield WaitView(
            kind="join",
            step=joining.step,
            name=snapshot.plan.steps[joining.step].name,
            until=_moment(state.timers.get(f"join:{id}")),
            received=[topic for topic, _ in joining.received],
            needed=joining.needed,
        )


def _deadline(snapshot: wire.Snapshot) -> Iterator[WaitView]:
    if (limit := snapshot.plan.limits.timeout) is not None:
        yield WaitView(kind="deadline", until=_moment(snapshot.state.started_at + limit))


def _wait(snapshot: wire.Snapshot, delivery: Delivery, found: WaitView) -> WaitView:
    step = snapshot.plan.steps.get(delivery.step)
    return found.model_copy(
        update={
            "step": delivery.step,
            "name": step.name if step else delivery.step,
            "delivery_id": delivery.id,
            "since": _moment(snapshot.state.opened.get(delivery.id)),
        }
    )


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
