"""Forks: a new run that goes on from where another one failed."""

from __future__ import annotations

import copy

from wistro.machine.events import KEEP
from wistro.machine.operators import release
from wistro.machine.state import RunState


class ForkRefused(ValueError):
    """The run cannot be forked that way."""


def fork_state(
    state: RunState, run_id: str, *, at: float, delivery_id: str | None = None, data: object = KEEP
) -> RunState:
    """The state of a run `run_id` that makes what `state` left open: failed, held and cancelled deliveries.

    With `delivery_id` and `data`, that delivery gets another input. Joins keep what they received,
    and joins and delayed deliveries the time they had left.

    Raises:
        ForkRefused: when the run has not ended, or left nothing (or not that delivery) open.
    """
    if state.outcome is None:
        raise ForkRefused("the run is still running; retry its held deliveries instead")
    if delivery_id is not None and delivery_id not in state.deliveries:
        raise ForkRefused(f"the run left no delivery `{delivery_id}` open")
    if not state.deliveries and not state.joining:
        raise ForkRefused("the run left no delivery open; start a new run instead")
    forked = RunState(
        run_id=run_id,
        started_at=at,
        created=len(state.deliveries),
        arrived=state.arrived,
        numbered=state.numbered,
        deliveries=copy.deepcopy(state.deliveries),
        joining=copy.deepcopy(state.joining),
        joined=list(state.joined),
        counts=copy.deepcopy(state.counts),
        answer=state.answer if state.answer is not None and state.answer.error is None else None,
        response=state.response,
        responded=state.responded,
    )
    left = {timer: max(due - (state.ended_at or at), 0.0) for timer, due in state.timers.items()}
    for timer, seconds in left.items():
        if timer.startswith("join:"):
            forked.timers[timer] = at + seconds
    for delivery in sorted(forked.deliveries.values(), key=lambda delivery: delivery.number):
        delivery.origin = delivery.origin or state.run_id
        wake = f"wake:{delivery.id}"
        if delivery.id == delivery_id:
            release(forked, delivery, data)
        elif wake in left and delivery.attempts == 0:
            forked.timers[wake] = at + left[wake]
        else:
            release(forked, delivery)
    return forked
