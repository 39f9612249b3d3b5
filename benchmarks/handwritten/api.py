"""The HTTP side: one route, answered by one activity."""

from __future__ import annotations

from uuid import uuid4

from fastapi import FastAPI
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from handwritten.activities import Order
from handwritten.connection import TASK_QUEUE
from handwritten.workflows import PlaceOrder


def create_app(client: Client) -> FastAPI:
    app = FastAPI()

    @app.get("/health")
    async def health() -> str:
        return "ok"

    @app.post("/orders", status_code=201)
    async def place(order: Order) -> Order:
        start = WithStartWorkflowOperation(
            PlaceOrder.run,
            order,
            id=f"place-order/{uuid4().hex}",
            task_queue=TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
        )
        return await client.execute_update_with_start_workflow(
            PlaceOrder.answer, start_workflow_operation=start
        )

    return app
