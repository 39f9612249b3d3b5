"""What a worker gives its host."""

from __future__ import annotations

from pathlib import Path

from tests.engine.conftest import write_project
from wistro.stores.memory import MemoryJournal, MemoryState
from wistro.temporal.host.hosting import StepQueue
from wistro_worker import Backends, python_worker
from wistro_worker.modules import unload

FILES = {
    "limited.step.py": """
        from datetime import timedelta
        from wistro import CronStep, Rate
        config = CronStep(name="Ask slowly", flows=["asking"], cron="0 3 * * *", concurrency=2,
                          rate=Rate(count=30, per=timedelta(minutes=1)))
        async def handler(ctx): ...
        """,
    "free.step.py": """
        from wistro import CronStep
        config = CronStep(name="Ask", flows=["asking"], cron="0 4 * * *")
        async def handler(ctx, database, secret): ...
        """,
}


async def test_limited_steps_have_queues_and_broken_ones_a_reason(tmp_path: Path) -> None:
    project = write_project(tmp_path, FILES)
    lock = project.compile().lock
    store = MemoryState()
    backends = Backends(state=lambda _: store, journal=MemoryJournal())
    async with python_worker(project.root, lock, backends) as worker:
        queue = f"{lock.project}.steps.limited"
        assert worker.queues == (StepQueue(name=queue, concurrency=2, per_second=0.5),)
        assert list(worker.broken) == ["free"]
        assert "expects `secret`" in worker.broken["free"].message
    unload(project.root)
