"""Tests of a project's flows with its real handlers: a pytest plugin, and the harness by itself.

Where Wistro is installed, pytest has the fixture `project`:

```python
async def test_declined_card(project: FlowHarness) -> None:
    project.fake("charge_card", emits=[("payment.refused", {"order_id": "7"})])
    run = await project.emit("orders", "order.placed", {"id": "7", "total": "12.50"})
    await project.advance(hours=24)
    assert run.emitted("order.cancelled") == [{"order_id": "7"}]
```

Every pytest session imports this module: what it needs is imported when a test asks for it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from wistro.calls import FlowCalls
    from wistro.contract import Invocation
    from wistro.project.lock import Lock
    from wistro.testing import FlowHarness

_MARKS = ("wistro.yml", "wistro.json", "steps", "src")
"""What the folder of a project has."""


@contextmanager
def flow_harness(root: Path) -> Generator[FlowHarness, None, None]:
    """The flows of the project in `root`, in memory: real handlers, a fake clock, an empty state.

    Raises:
        SetupError: the project does not compile.
    """
    from wistro.stores.memory import MemoryState
    from wistro.stores.memory_stream import MemoryStreams
    from wistro.streams import Streams, item_schemas
    from wistro.testing import FlowHarness
    from wistro.testing.context import fake_token
    from wistro_worker.local import local_executor

    lock, store = _lock(root), MemoryState()
    streams = Streams(MemoryStreams(), item_schemas(lock), fake_token)

    def calls(invocation: Invocation) -> FlowCalls:
        return harness.calls_of(invocation)

    with local_executor(root, lock, store, streams, calls) as executor:
        harness = FlowHarness.of(lock, executor=executor.outcome, store=store, streams=streams)
        yield harness


@pytest.fixture
def project_root(request: pytest.FixtureRequest) -> Path:
    """The folder of the project under test: the nearest one above the test that looks like one."""
    for folder in request.path.parents:
        if any((folder / mark).exists() for mark in _MARKS):
            return folder
    marks = ", ".join(f"`{mark}`" for mark in _MARKS)
    pytest.fail(
        f"expected a project around `{request.path}`, found no folder with one of {marks}; "
        "hint: override the fixture `project_root`"
    )


@pytest.fixture
def project(project_root: Path) -> Iterator[FlowHarness]:
    """The project's flows in memory, with its real handlers and a fake clock."""
    with flow_harness(project_root) as harness:
        yield harness


@lru_cache(maxsize=8)
def _lock(root: Path) -> Lock:
    from wistro.errors import SetupError
    from wistro.project import Project

    compiled = Project.open(root).compile()
    problems = [f"{error.path}: {error.error}" for error in compiled.errors]
    problems += [
        f"{finding.file}: {finding.message}"
        for finding in compiled.findings
        if finding.severity == "error"
    ]
    if problems:
        raise SetupError(
            f"the project in `{root}` does not compile:\n" + "\n".join(problems),
            code="invalid_project",
            hint="run `wistro check`",
        )
    return compiled.lock
