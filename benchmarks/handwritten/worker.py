"""The worker process: `python -m handwritten.worker`. It prints `ready` and runs until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal

from temporalio.worker import Worker

from handwritten.activities import ACTIVITIES
from handwritten.connection import TASK_QUEUE, Connection
from handwritten.workflows import WORKFLOWS
from wistro.temporal.host.exit import leave


async def serve(connection: Connection) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Worker(
        await connection.open(),
        task_queue=TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=ACTIVITIES,
        max_concurrent_activities=100,
    ):
        print("ready", flush=True)
        await stop.wait()


if __name__ == "__main__":
    where, _ = Connection.read(argparse.ArgumentParser())
    asyncio.run(serve(where))
    leave(0)
