"""Asks runs something, also those that the question starts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from wistro.temporal import wire
from wistro.temporal.host.connect import engine_errors

T = TypeVar("T")


async def start_and_ask(
    client: Client,
    start: wire.RunInput,
    update: str,
    answer: type[T],
    *,
    timeout: timedelta,
    options: Mapping[str, Any],
) -> T:
    """Start the run, unless it is there, and wait for the answer to an update of it.

    Args:
        client: Connected with the project's data converter.
        start: The run.
        update: What to ask.
        answer: The type of the answer.
        timeout: How long to wait.
        options: How the workflow is started.

    Raises:
        TimeoutError: no answer came in time; the run may or may not exist.
        WorkflowAlreadyStartedError: the run has ended before.
        WorkflowUpdateFailedError: the run refuses.
    """
    until = asyncio.get_running_loop().time() + timeout.total_seconds()
    while True:
        left = until - asyncio.get_running_loop().time()
        try:
            return await _ask_once(client, start, update, answer, seconds=left, options=options)
        except WorkflowUpdateFailedError as error:
            if not asks_again(error):
                raise


async def ask(
    handle: WorkflowHandle[Any, Any],
    update: str,
    answer: type[T],
    *,
    id: str,
    timeout: timedelta,
    args: Sequence[object] = (),
) -> T:
    """Wait for the answer to an update of a run that is there.

    The SDK's own limit is one for each request, and it makes one after the other for as long as the
    server has no answer: that would be for ever.

    Raises:
        TimeoutError: no answer came in time.
        WorkflowUpdateFailedError: the run refuses.
        RPCError: there is no such run, or it has ended, or Temporal is away.
    """
    asking: asyncio.Future[T] = asyncio.ensure_future(
        handle.execute_update(  # pyright: ignore[reportUnknownMemberType] - untyped by name
            update, args=args, id=id, result_type=answer
        )
    )
    try:
        done, _ = await asyncio.wait({asking}, timeout=timeout.total_seconds())
        if not done:
            raise TimeoutError
        return asking.result()
    finally:
        if not asking.done():
            asking.cancel()
            with suppress(Exception):
                await asking


def asks_again(error: WorkflowUpdateFailedError) -> bool:
    """Whether a run refuses an update only because it goes on in a fresh history."""
    return isinstance(error.cause, ApplicationError) and error.cause.type == wire.ASK_AGAIN


async def _ask_once(
    client: Client,
    start: wire.RunInput,
    update: str,
    answer: type[T],
    *,
    seconds: float,
    options: Mapping[str, Any],
) -> T:
    flow, run_id = start.plan.flow, start.run_id
    operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        flow, start, id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING, **options
    )
    asking: asyncio.Future[T] = asyncio.ensure_future(
        client.execute_update_with_start_workflow(  # pyright: ignore[reportUnknownMemberType] - untyped by name
            update,
            # By its name, so that all who ask share one update: a run takes ten at a time.
            id=update,
            start_workflow_operation=operation,
            result_type=answer,
        )
    )
    try:
        # Not `wait_for`: the client turns its cancellation into an error of its own.
        done, _ = await asyncio.wait({asking}, timeout=max(seconds, 0.0))
        if not done:
            raise TimeoutError
    finally:
        if not asking.done():
            await _abandon(asking, operation)
    try:
        with engine_errors(flow, run_id):
            return asking.result()
    except WorkflowAlreadyStartedError:
        with suppress(WorkflowAlreadyStartedError):
            await operation.workflow_handle()
        raise


async def _abandon(
    asking: asyncio.Future[T], operation: WithStartWorkflowOperation[Any, Any]
) -> None:
    """Nobody waits any longer: neither the request nor its errors outlive that."""
    asking.cancel()
    with suppress(Exception):
        await asking
    with suppress(Exception, asyncio.CancelledError):
        # The operation keeps a copy of the error, which nobody else would look at.
        await operation.workflow_handle()
