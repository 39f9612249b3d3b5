"""Who made a call: kept beside the run, encrypted, for as long as Temporal keeps the run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from wistro.contract import Trigger
from wistro.errors import RunNotFound
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.scheduled_calls import ScheduledCalls

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine

_CALLER = "by"
_RPC = timedelta(seconds=10)


def caller_memo(trigger: Trigger) -> dict[str, str]:
    """The memo of a new run: who called it."""
    return {_CALLER: trigger.by} if trigger.kind == "call" and trigger.by else {}


async def caller_of(engine: Engine, flow: str, run_id: str) -> str | None:
    """Who called a run, or scheduled calls, as `Identity` writes it; `None` when nobody said.

    Raises:
        RunNotFound: there is no such call.
    """
    try:
        with engine_errors(flow, run_id):
            description = await engine.handle(flow, run_id).describe(rpc_timeout=_RPC)
    except RunNotFound:
        return (await ScheduledCalls(engine).show(run_id, flow=flow)).by
    return await description.memo_value(_CALLER, None, type_hint=str)
