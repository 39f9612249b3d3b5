"""`python -m handwritten`: worker and HTTP in one process, as `wistro start` has them."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress
from pathlib import Path

import uvicorn
from temporalio.worker import Worker

from handwritten.activities import ACTIVITIES
from handwritten.api import create_app
from handwritten.connection import TASK_QUEUE, connect
from handwritten.workflows import WORKFLOWS
from wistro.temporal.host.exit import leave


async def serve(address: str, keys: Path, port: int) -> None:
    """Work and answer until SIGTERM."""
    client = await connect(address, keys)
    config = uvicorn.Config(
        create_app(client), port=port, log_config=None, access_log=False, server_header=False
    )
    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=ACTIVITIES,
        max_concurrent_activities=100,
    ):
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--keys", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):  # uvicorn raises the signal that it was stopped by again
        asyncio.run(serve(options.address, options.keys, options.port))
    leave(0)
