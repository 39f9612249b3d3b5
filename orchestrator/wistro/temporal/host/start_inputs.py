"""What runs were started with, read from the first event of each alone."""

from __future__ import annotations

from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from wistro.temporal import wire
from wistro.temporal.host.payloads import Payloads


async def read_start(client: Client, flow: str, run_id: str) -> wire.RunInput | None:
    """What a run was started with, decrypted; `None` when it has been forgotten."""
    workflow_id = wire.workflow_id(flow, run_id)
    handle: WorkflowHandle[object, object] = client.get_workflow_handle(workflow_id)
    try:
        description = await handle.describe()
        first = client.get_workflow_handle(
            workflow_id, run_id=description.raw_info.first_run_id or description.run_id
        )
        async for event in first.fetch_history_events(page_size=1):
            found = event.workflow_execution_started_event_attributes.input.payloads
            return await Payloads(client.data_converter).one(found, wire.RunInput)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
    return None
