"""Calls flows for the steps that do nothing else, and looks after calls that say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.exceptions import ApplicationError

from wistro.contract import RunRef
from wistro.errors import EngineUnavailable, InvalidMessage, RunError, RunNotFound, to_info
from wistro.temporal import wire

if TYPE_CHECKING:
    from wistro.temporal.host.calls import Calls


class CallActivities:
    """The built-in activities behind steps with `calls`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    @activity.defn(name=wire.CALL_ACTIVITY)
    async def start_call(self, request: wire.CallRequest) -> None:
        """Starts the run, once: its id is derived from the delivery, so a repetition finds the first."""
        try:
            await self._calls.open(request)
        except EngineUnavailable:
            raise
        except (RunError, InvalidMessage) as error:
            info = to_info(error, stack=False)
            raise ApplicationError(
                error.message, info, type=error.code, non_retryable=True
            ) from error

    @activity.defn(name=wire.CHECK_CALL_ACTIVITY)
    async def check_call(self, call: RunRef) -> wire.CallResponse | None:
        """The answer of a call that is over, even if its run was ended by force."""
        try:
            found = await self._calls.fetch(call.flow, call.run_id)
        except RunNotFound:
            return None  # it is about to start; one that cannot be started fails by itself
        return None if found.answer is None else wire.CallResponse(answer=found.answer)
