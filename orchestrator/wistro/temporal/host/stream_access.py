"""Asks the functions of streams, which only the workers of their languages can run."""

from __future__ import annotations

import secrets

from temporalio.client import Client, WorkflowFailureError

from wistro.project.lock import Lock
from wistro.project.plan import language_queue
from wistro.stores.stream import Place
from wistro.temporal import wire
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.workflows.stream_access import PATIENCE, StreamAccessWorkflow


async def ask_stream(client: Client, lock: Lock, place: Place, context: object) -> bool:
    """Whether the function of a stream lets a client with this context follow a place.

    Raises:
        EngineUnavailable: Temporal is away.
    """
    queue = language_queue(lock.project, lock.streams[place.stream].language)
    question = wire.StreamQuestion(**place._asdict(), context=context)
    try:
        with engine_errors():
            return await client.execute_workflow(
                StreamAccessWorkflow.run,
                wire.StreamAccessRequest(queue=queue, question=question),
                # No flow's: without a `/` its payloads have the key of the project.
                id=f"stream-access-{secrets.token_hex(16)}",
                task_queue=wire.runs_queue(lock.project),
                execution_timeout=2 * PATIENCE,
            )
    except WorkflowFailureError:
        return False
