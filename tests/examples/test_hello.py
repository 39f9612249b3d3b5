"""The example of the README's tour, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from wistro.project import Project, compile_plan
from wistro.stores.memory import MemoryState
from wistro.testing import FlowHarness
from wistro_worker.local import local_executor

ROOT = Path(__file__).parents[2] / "examples" / "hello"


@pytest.fixture
def project() -> Iterator[FlowHarness]:
    lock = Project.open(ROOT).compile().lock
    store = MemoryState()
    with local_executor(ROOT, lock, store) as executor:
        plans = [compile_plan(lock, flow) for flow in lock.flows]
        yield FlowHarness(plans, executor=executor.outcome, store=store)


async def test_greetings_are_answered_remembered_and_reported(project: FlowHarness) -> None:
    for name in ("Ada", "Grace", "Ada"):
        run = await project.request("say_hello", {"name": name})
        assert run.answer
        assert run.answer.output == {
            "status": 200,
            "headers": {},
            "body": {"message": f"Hello, {name}!"},
        }
        assert run.outcome == "completed"
    report = await project.trigger("report_greetings")
    assert report.deliveries()[0].output == {"Ada": 2, "Grace": 1}
