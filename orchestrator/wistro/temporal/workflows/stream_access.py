"""The workflow that has the function of a stream asked: one activity on the queue of its language."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from wistro.temporal import wire

PATIENCE = timedelta(seconds=10)
"""How long the worker may take, the wait for it included: a client is waiting."""


@workflow.defn(name=wire.STREAM_ACCESS, sandboxed=False)
class StreamAccessWorkflow:
    """Says whether a client may follow; whatever goes wrong, it may not."""

    @workflow.run
    async def run(self, request: wire.StreamAccessRequest) -> bool:
        """Ask once."""
        try:
            return await workflow.execute_activity(
                wire.STREAM_ACCESS,
                request.question,
                task_queue=request.queue,
                schedule_to_close_timeout=PATIENCE,
                retry_policy=RetryPolicy(maximum_attempts=1),
                result_type=bool,
            )
        except ActivityError:
            return False
