"""Why is it waiting? Asked of the state of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from wistro.machine.plan import Plan
from wistro.machine.state import Delivery, RunState

WaitingFor = Literal["step", "operator", "timer", "join", "person", "message", "call", "nothing"]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What a run waits for: a word for programs, and a sentence."""

    kind: WaitingFor
    sentence: str


def waiting(plan: Plan, state: RunState) -> Waiting:
    """What the run waits for now, the most telling reason first."""
    held = [d for d in state.deliveries.values() if d.status == "held"]
    running = [d for d in state.deliveries.values() if d.status == "running"]
    if state.outcome is not None:
        return Waiting(
            kind="nothing", sentence=f"The run is over: {state.outcome.replace('_', ' ')}."
        )
    if running:
        return Waiting(kind="step", sentence=f"{_names(plan, running)} at work.")
    if held:
        reason = f": {held[0].error.message}" if held[0].error is not None else ""
        return Waiting(
            kind="operator",
            sentence=f"An operator has to retry or skip {_names(plan, held)}{reason}",
        )
    if outside := [d for d in state.deliveries.values() if d.status == "outside"]:
        return _outside(plan, state, outside)
    if timed := [d for d in state.deliveries.values() if d.status == "waiting"]:
        first = min(timed, key=lambda d: state.timers.get(f"wake:{d.id}", 0.0))
        when = _clock(state.timers.get(f"wake:{first.id}", 0.0))
        return Waiting(kind="timer", sentence=f"{_names(plan, [first])} is due at {when}.")
    if joins := {id: joining for id, joining in state.joining.items() if not joining.dormant}:
        id, joining = next(iter(joins.items()))
        until = state.timers.get(f"join:{id}")
        limit = f" until {_clock(until)}" if until is not None else ""
        name = plan.steps[joining.step].name
        return Waiting(kind="join", sentence=f"“{name}” waits for more messages{limit}.")
    return Waiting(kind="step", sentence="The run is about to go on.")


def _outside(plan: Plan, state: RunState, deliveries: list[Delivery]) -> Waiting:
    """What has to happen outside, those that people can do something about first."""
    tasks = [d for d in deliveries if plan.steps[d.step].task is not None]
    if tasks:
        task = state.tasks[tasks[0].id]
        who = ", ".join([*task.assignees, *(f"the role {role}" for role in task.roles)])
        until = f" until {_clock(task.due_at)}" if task.due_at is not None else ""
        sentence = f"{_names(plan, tasks)} waits for {who or 'somebody'} to answer{until}."
        return Waiting(kind="person", sentence=sentence)
    step = plan.steps[deliveries[0].step]
    if step.awaits is not None:
        what = f"a message on “{step.awaits.topic}”"
        return Waiting(kind="message", sentence=f"{_names(plan, deliveries[:1])} waits for {what}.")
    flow = step.calls.flow if step.calls else ""
    sentence = f"{_names(plan, deliveries[:1])} waits for the answer of the flow “{flow}”."
    return Waiting(kind="call", sentence=sentence)


def _names(plan: Plan, deliveries: list[Delivery]) -> str:
    names = [
        f"“{plan.steps[d.step].name}”" if d.flow is None else f"the message to flow “{d.flow}”"
        for d in deliveries[:3]
    ]
    more = len(deliveries) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
