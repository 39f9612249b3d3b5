"""Forks: a new run that goes on from where another one failed, or makes one of its deliveries again."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import cast

from wistro.machine.events import KEEP
from wistro.machine.joins import Joins
from wistro.machine.lineage import Followed, Made, Part, followed_from
from wistro.machine.operators import release
from wistro.machine.plan import JoinPlan, Plan
from wistro.machine.routing import Expressions
from wistro.machine.state import ROOT, Count, Delivery, Joining, RunState


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
    if not state.deliveries and all(joining.dormant for joining in state.joining.values()):
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


def fork_at(
    plan: Plan,
    state: RunState,
    made: Mapping[str, Made],
    run_id: str,
    *,
    at: float,
    delivery_id: str,
    data: object = KEEP,
    expressions: Expressions,
) -> RunState:
    """The state of a run `run_id` that makes one delivery of another run again, and nothing beside it.

    The other run may have ended or not; it is not touched. What follows from the delivery happens
    anew. What came before it or beside it is not repeated, and counts where it matters:

    - a join keeps the parts that did not follow from the delivery, and fires (again) once the fork
      has sent it the others, with its full time; one that gets nothing from the fork is forgotten;
    - an answer stays given, unless the delivery, or what followed from it, gave it;
    - a task is asked, a wait begun and a flow called anew, and a delay is not waited for again.

    With its own input the delivery keeps its idempotency key, so that services which know it do
    nothing twice; an edited input gets a key of its own.

    Args:
        plan: The plan of the other run.
        state: Its state.
        made: What it has made, by delivery.
        run_id: The id of the new run.
        at: The time.
        delivery_id: The delivery.
        data: Its input, if it is to be another.
        expressions: Evaluates the keys of joins and the filters.

    Raises:
        ForkRefused: when the run has no such delivery, or its plan no such step.
    """
    delivery = _again(state, made.get(delivery_id), delivery_id)
    if delivery.step not in plan.steps:
        raise ForkRefused(
            f"delivery `{delivery_id}` is a message to another flow; fork the delivery that sent it"
        )
    followed = followed_from(delivery_id, plan, made, expressions)
    joined, joining = _joins(plan, state, made, delivery_id, followed, expressions)
    forked = RunState(
        run_id=run_id,
        started_at=at,
        created=1,
        numbered=1,
        counts={delivery.step: Count(created=1)},
        arrived=state.arrived,
        joined=joined,
        joining=joining,
        early=list(state.early),
        had=list(state.had),
    )
    _keep_answers(plan, state, made, followed, forked)
    forked.deliveries[delivery.id] = delivery
    if data is not KEEP or plan.steps[delivery.step].outside:
        delivery.origin = None
    release(forked, delivery, data)
    return forked


def _again(state: RunState, past: Made | None, id: str) -> Delivery:
    """The delivery as it was handed out last."""
    found = state.deliveries.get(id)
    if found is not None:
        delivery = copy.deepcopy(found)
        delivery.origin = found.origin or state.run_id
    elif past is not None:
        origin, _, rest = (past.key or f"{state.run_id}:{id}").partition(":")
        revision = rest.partition(":r")[2]
        delivery = Delivery(
            id=id,
            number=1,
            step=past.step,
            topic=past.topic,
            data=past.data,
            revision=int(revision) if revision.isdecimal() else 0,
            origin=origin,
        )
    else:
        raise ForkRefused(f"the run has no delivery `{id}`")
    delivery.number, delivery.parent = 1, None
    return delivery


def _joins(
    plan: Plan,
    state: RunState,
    made: Mapping[str, Made],
    delivery_id: str,
    followed: Followed,
    expressions: Expressions,
) -> tuple[list[str], dict[str, Joining]]:
    """The joins that stay fired, and those that wait for what followed from the delivery."""
    joined: list[str] = []
    waiting: dict[str, Joining] = {}
    for id, open_join in state.joining.items():
        kept = _without(open_join.received, followed.sent.get(id, []))
        if kept:
            waiting[id] = Joining(
                step=open_join.step,
                key=open_join.key,
                needed=open_join.needed,
                received=kept,
                dormant=True,
            )
    for id in state.joined:
        sent, fired = followed.sent.get(id, []), made.get(id)
        parts = [] if fired is None else _parts(plan, fired)
        kept = _without(parts, sent)
        if id == delivery_id or not sent or (parts and len(kept) == len(parts)):
            joined.append(id)  # it had fired without them
        elif kept and fired is not None:
            waiting[id] = _reopened(plan, fired, parts, kept, expressions)
    return joined, waiting


def _reopened(
    plan: Plan, fired: Made, parts: list[Part], kept: list[Part], expressions: Expressions
) -> Joining:
    """The join of a delivery that is to be made anew, with what it keeps."""
    step = plan.steps[fired.step]
    join = step.join or JoinPlan()
    key = Joins(plan, RunState(run_id=""), expressions).key_of(join, kept[0][1])
    needed = len(parts) if isinstance(join.quorum, str) else join.quorum
    return Joining(step=step.id, key=key, needed=needed, received=kept, dormant=True)


def _parts(plan: Plan, fired: Made) -> list[Part]:
    """What the join had received: its message maps topics to messages, or to lists of them."""
    join = plan.steps[fired.step].join if fired.step in plan.steps else None
    if join is None or not isinstance(fired.data, dict):
        return []
    found = cast("dict[str, object]", fired.data)
    if join.quorum is None:
        return list(found.items())
    lists = cast("dict[str, list[object]]", {t: d for t, d in found.items() if isinstance(d, list)})
    return [(topic, data) for topic, messages in lists.items() for data in messages]


def _without(parts: Iterable[Part], sent: Iterable[Part]) -> list[Part]:
    kept = list(parts)
    for part in sent:
        if part in kept:
            kept.remove(part)
    return kept


def _keep_answers(
    plan: Plan, state: RunState, made: Mapping[str, Made], followed: Followed, forked: RunState
) -> None:
    """What the run answered stays, but for what is about to be answered anew."""
    if ROOT not in followed.ids:
        forked.answer = state.answer
    given = [
        past.response if past.responded else past.output
        for past in made.values()
        if past.id in followed.ids and (past.responded or _answers(plan, past))
    ]
    responses = state.responses or ([state.response] if state.responded else [])
    kept = [
        data for _, data in _without([("", data) for data in responses], [("", d) for d in given])
    ]
    forked.responded = bool(kept)
    forked.response = kept[0] if kept else None
    forked.responses = kept if plan.responses == "many" else []


def _answers(plan: Plan, past: Made) -> bool:
    step = plan.steps.get(past.step)
    return step is not None and step.kind == "call" and past.output is not None
