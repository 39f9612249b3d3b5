"""What the tests share: the project's flows in memory, with their real handlers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from wistro.project import Project, compile_plan
from wistro.stores.memory import MemoryState
from wistro.testing import FlowHarness
from wistro_worker.local import local_executor

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from demonstration.stand_in import StandIn  # noqa: E402

from .makers import REPOSITORY  # noqa: E402


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn("token", [REPOSITORY]) as stand_in:
        yield stand_in


@pytest.fixture
def project(
    tmp_path: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FlowHarness]:
    """The flows, with a clock of their own; environments are real processes in `tmp_path`."""
    monkeypatch.setenv("PREVIEWS_FOLDER", str(tmp_path))
    monkeypatch.setenv("GITHUB_API_URL", stand_in.url)
    monkeypatch.setenv("GITHUB_TOKEN", "token")
    monkeypatch.setenv("OPERATOR_TOKEN", "operator")
    lock = Project.open(ROOT).compile().lock
    store = MemoryState()
    with local_executor(ROOT, lock, store) as executor:
        plans = [compile_plan(lock, flow) for flow in lock.flows]
        yield FlowHarness(plans, executor=executor.outcome, store=store)
