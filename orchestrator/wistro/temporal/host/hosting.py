"""Hosts runs: a Temporal worker with the run workflow, the built-in activities and the steps."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from wistro.targets.registry import Targets
from wistro.temporal import wire
from wistro.temporal.activities.answers import AnswerActivities, AnswerServices
from wistro.temporal.activities.calls import CallActivities
from wistro.temporal.activities.inbox import TaskActivities
from wistro.temporal.activities.links import Links
from wistro.temporal.activities.waits import WaitActivities
from wistro.temporal.host.activations import OnTheLoop
from wistro.temporal.host.calls import Calls
from wistro.temporal.host.engine import Engine
from wistro.temporal.host.publishing import Publisher
from wistro.temporal.host.services import OutsideServices
from wistro.temporal.workflows.answer import AnswerWorkflow
from wistro.temporal.workflows.run import RunWorkflow
from wistro.temporal.workflows.stream_access import StreamAccessWorkflow

WORKFLOWS = (RunWorkflow, AnswerWorkflow, StreamAccessWorkflow)
"""What a project's queue of runs has."""

DRAIN = timedelta(seconds=30)
_HEARTBEATS = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True)
class StepQueue:
    """A task queue of its own for a step that limits its rate or concurrency."""

    name: str
    concurrency: int | None = None
    per_second: float | None = None
    """Deliveries a second, over all workers."""


def outside_activities(engine: Engine, services: OutsideServices) -> list[Callable[..., object]]:
    """What runs do outside of themselves."""
    calls = CallActivities(Calls(engine))
    answers = services.answers or AnswerServices(targets=Targets(lambda: engine.lock))
    return [
        AnswerActivities(Publisher(engine=engine, waits=services.waits), answers).deliver_answer,
        calls.start_call,
        calls.check_call,
        TaskActivities(engine, services.inbox, services.links).show_task,
        WaitActivities(services.waits).show_wait,
    ]


@asynccontextmanager
async def host_runs(  # noqa: PLR0913 - what a process hosts
    client: Client,
    engine: Engine,
    steps: Callable[..., object] | None,
    *,
    services: OutsideServices | None = None,
    stream_access: Callable[..., object] | None = None,
    queues: Sequence[StepQueue] = (),
    concurrency: int = 100,
    drain: timedelta = DRAIN,
    identity: str | None = None,
) -> AsyncGenerator[None]:
    """Runs and steps are worked on while the context is open; leaving it drains.

    Runs and Python steps share a queue, so that the completion of a run's step brings the next one
    with it (eager execution) and inline steps can run beside the workflow.

    Args:
        client: Connected with the project's data converter.
        engine: Starts linked runs.
        steps: The dynamic activity that runs steps; without it only runs are hosted.
        services: What runs reach outside of themselves.
        stream_access: The activity that asks the functions of Python streams.
        queues: The queues of steps with limits.
        concurrency: How many deliveries run at once in this process.
        drain: How long running deliveries get to finish.
        identity: The name of this worker in Temporal.
    """
    services = services or OutsideServices()
    activities: list[Callable[..., object]] = [
        Links(engine, services.waits).start_linked_run,
        *outside_activities(engine, services),
    ]
    if steps is not None:
        activities.append(steps)
    if stream_access is not None:
        activities.append(stream_access)

    def working(queue: str, **what: Any) -> Worker:
        return Worker(
            client,
            task_queue=queue,
            graceful_shutdown_timeout=drain,
            identity=identity,
            # Without one the SDK reads and hashes the code of every loaded module.
            build_id=engine.lock.build or None,
            # Cancellations reach handlers with a heartbeat: do not save them up for a minute.
            max_heartbeat_throttle_interval=_HEARTBEATS,
            default_heartbeat_throttle_interval=_HEARTBEATS,
            **what,
        )

    async with AsyncExitStack() as stack:
        main = working(
            wire.runs_queue(engine.catalogue.project),
            workflows=WORKFLOWS,
            workflow_task_executor=OnTheLoop(),
            activities=activities,
            max_concurrent_activities=concurrency,
        )
        await stack.enter_async_context(main)
        for queue in queues if steps is not None else ():
            own = working(
                queue.name,
                activities=[steps],
                max_concurrent_activities=queue.concurrency or concurrency,
                max_task_queue_activities_per_second=queue.per_second,
            )
            await stack.enter_async_context(own)
        yield
