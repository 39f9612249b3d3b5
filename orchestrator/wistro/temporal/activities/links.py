"""Takes the shared messages of a run to another flow: they start a run of it, or reach those that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporalio import activity

from wistro.contract import StepResult, Trigger
from wistro.temporal import wire
from wistro.temporal.activities.waits import WaitKeeper

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine


class Links:
    """The built-in activity behind messages that cross into other flows."""

    def __init__(self, engine: Engine, waits: WaitKeeper | None = None) -> None:
        self._engine = engine
        self._waits = waits

    @activity.defn(name=wire.LINK_ACTIVITY)
    async def start_linked_run(self, request: wire.LinkRequest) -> StepResult:
        """Starts it, once: the run id is derived from the delivery, so a repetition finds the first."""
        output: dict[str, object] = {"flow": request.flow}
        if not self._engine.catalogue.only_waits(request.flow, request.topic):
            trigger = Trigger(
                kind="flow",
                topic=request.topic,
                parent=request.parent,
                client_context=request.client_context,
                traceparent=request.traceparent,
            )
            await self._engine.link(request, trigger)
            output["run_id"] = request.run_id
        if self._waits is not None and self._engine.catalogue.waits(request.flow, request.topic):
            message = wire.SharedMessage(
                topic=request.topic,
                data=request.data,
                key=request.run_id,
                flow=request.flow,
                sender=request.parent,
            )
            reached = await self._waits.share(message)
            output["reached"] = [run.run_id for run in reached.runs]
        return StepResult(output=output)
