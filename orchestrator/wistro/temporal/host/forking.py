"""Forks of runs: what they start with, read from the history of the run that is forked."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wistro.contract import RunRef
from wistro.errors import EngineUnavailable, RunError
from wistro.expressions import CelExpressions
from wistro.machine.events import KEEP
from wistro.machine.fork import ForkRefused, fork_at, fork_state
from wistro.machine.lineage import Made
from wistro.machine.plan import Plan
from wistro.machine.state import RunState
from wistro.temporal import wire
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.history import History, read_history

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine


@dataclass(frozen=True, kw_only=True)
class Past:
    """A run whose workflow has answered: what a repair of it starts from."""

    flow: str
    run_id: str
    history: History
    snapshot: wire.Snapshot
    made: Mapping[str, Made]

    @property
    def state(self) -> RunState:
        """Where the run is, or was when it ended."""
        return self.snapshot.state


async def read_past(engine: Engine, flow: str, run_id: str) -> Past:
    """What a run has made so far.

    Raises:
        RunNotFound: when there is no such run.
        EngineUnavailable: when no worker answers for it.
    """
    with engine_errors(flow, run_id):
        history = await read_history(engine.client, engine.handle(flow, run_id))
    if history.snapshot is None:
        raise EngineUnavailable(
            "no worker answers for the run",
            flow=flow,
            run_id=run_id,
            hint="see `wistro doctor`: a worker of the build that the run began with has to be there",
        )
    return Past(
        flow=flow,
        run_id=run_id,
        history=history,
        snapshot=history.snapshot,
        made=history.deliveries.made(),
    )


def begin_fork(
    engine: Engine,
    past: Past,
    *,
    delivery_id: str | None,
    data: object = KEEP,
    alone: bool,
    by: str | None = None,
) -> wire.RunInput:
    """The start of a fork: of one delivery `alone`, or of all that the run left open.

    It goes by today's plan, unless that lacks a step which the fork begins with.

    Raises:
        RunError: `fork_refused`.
    """
    fork_id, at = secrets.token_hex(16), datetime.now(UTC).timestamp()
    try:
        if alone and delivery_id is not None:
            state = fork_at(
                past.snapshot.plan,
                past.state,
                past.made,
                fork_id,
                at=at,
                delivery_id=delivery_id,
                data=data,
                expressions=CelExpressions(),
            )
        else:
            if data is not KEEP:
                delivery_id = delivery_id or _only_open(past.state)
            state = fork_state(past.state, fork_id, at=at, delivery_id=delivery_id, data=data)
    except ForkRefused as refused:
        raise RunError(
            str(refused), flow=past.flow, run_id=past.run_id, code="fork_refused"
        ) from refused
    parent = RunRef(flow=past.flow, run_id=past.run_id, delivery_id=delivery_id)
    trigger = replace(past.snapshot.trigger, kind="fork", parent=parent, by=by)
    today = engine.catalogue.plan(past.flow)
    plan = today if _fits(today, state) else past.snapshot.plan
    return wire.RunInput(run_id=fork_id, plan=plan, trigger=trigger, state=state)


def _only_open(state: RunState) -> str | None:
    if len(state.deliveries) > 1:
        raise ForkRefused("the run left several deliveries open; say which one the input is for")
    return next(iter(state.deliveries), None)


def _fits(plan: Plan, state: RunState) -> bool:
    """Whether the plan has the steps, and the joins, that the state speaks of."""
    steps = {delivery.step for delivery in state.deliveries.values() if delivery.flow is None}
    joins = {joining.step for joining in state.joining.values()}
    known = {id for id, step in plan.steps.items() if step.join is not None}
    return steps <= plan.steps.keys() and joins <= known
