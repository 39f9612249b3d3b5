"""Follows the answers of a call as they come."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from wistro.temporal import wire
from wistro.temporal.host.asking import ask, asks_again
from wistro.temporal.host.calls import Calls
from wistro.temporal.host.connect import engine_errors

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine

_RPC = timedelta(seconds=10)


async def next_answers(
    engine: Engine, flow: str, run_id: str, *, seen: int, wait: timedelta
) -> wire.Responses:
    """The answers of a call beyond the first `seen`, once there are any, or its end.

    Args:
        engine: The engine.
        flow: The flow that was called.
        run_id: The call.
        seen: How many answers whoever asks has.
        wait: How long to wait; with nothing new by then, there are no answers and no end.

    Raises:
        RunNotFound: there is no such call.
        EngineUnavailable: Temporal is away.
    """
    handle = engine.handle(flow, run_id)
    with engine_errors(flow, run_id):
        description = await handle.describe(rpc_timeout=_RPC)
    if description.close_time is not None:
        return await _left(engine, flow, run_id, seen)
    try:
        return await ask(
            handle,
            wire.RESPONSES_UPDATE,
            wire.Responses,
            # All who have seen as much share one update: a run takes ten at a time.
            id=f"{wire.RESPONSES_UPDATE}.{seen}",
            timeout=wait,
            args=[seen],
        )
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        return wire.Responses()
    except WorkflowUpdateFailedError as error:
        if asks_again(error):
            return wire.Responses()
        return await _left(engine, flow, run_id, seen)
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:  # it has ended in the meantime
            return await _left(engine, flow, run_id, seen)
        with engine_errors(flow, run_id):
            raise


async def _left(engine: Engine, flow: str, run_id: str, seen: int) -> wire.Responses:
    """What an ended run has left."""
    found = await Calls(engine).fetch(flow, run_id)
    assert found.answer is not None
    end = wire.CallResponse(answer=found.answer, response_meta=found.response_meta)
    state = (await engine.snapshot(flow, run_id)).state
    given = state.responses or ([state.response] if state.responded else [])
    return wire.Responses(answers=given[seen:], end=end)
