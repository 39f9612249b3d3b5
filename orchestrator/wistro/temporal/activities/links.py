"""Starts the run of another flow that a shared message asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from temporalio import activity

from wistro.contract import StepResult, Trigger
from wistro.temporal import wire

StartRun = Callable[[wire.LinkRequest, Trigger], Awaitable[None]]


class Links:
    """The built-in activity behind messages that cross into other flows."""

    def __init__(self, start: StartRun) -> None:
        self._start = start

    @activity.defn(name=wire.LINK_ACTIVITY)
    async def start_linked_run(self, request: wire.LinkRequest) -> StepResult:
        """Starts it, once: the run id is derived from the delivery, so a repetition finds the first."""
        trigger = Trigger(
            kind="flow",
            topic=request.topic,
            parent=request.parent,
            client_context=request.client_context,
            traceparent=request.traceparent,
        )
        await self._start(request, trigger)
        return StepResult(output={"flow": request.flow, "run_id": request.run_id})
