"""The HTTP process: `python -m handwritten.api --port N`. One route, answered by one activity."""

from __future__ import annotations

import argparse
import asyncio
from uuid import uuid4

import uvicorn
from fastapi import FastAPI
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from handwritten.activities import Order
from handwritten.connection import TASK_QUEUE, Connection
from handwritten.workflows import PlaceOrder
from wistro.temporal.host.exit import leave


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


async def serve(connection: Connection, port: int) -> None:
    app = create_app(await connection.open())
    config = uvicorn.Config(app, port=port, log_config=None, access_log=False, server_header=False)
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    where, options = Connection.read(arguments)
    asyncio.run(serve(where, options.port))
    leave(0)
