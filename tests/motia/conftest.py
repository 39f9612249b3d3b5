"""Runs projects of this suite: one `wistro dev` for all tests of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import TemporalServer
from tests.motia.running import Motia, copy_project, motia

Start = Callable[[str], Motia]
Copied = Callable[[str], Path]


@pytest.fixture(scope="module")
def start(
    temporal_server: TemporalServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Start]:
    """Runs the project of a name; the second time it gives the one that runs."""
    env = {
        "TEMPORAL_ADDRESS": temporal_server.address,
        "TEMPORAL_NAMESPACE": temporal_server.namespace,
    }
    started: dict[str, Motia] = {}
    with ExitStack() as stack:

        def project(name: str) -> Motia:
            if name not in started:
                root = copy_project(name, tmp_path_factory.mktemp("motia"))
                started[name] = stack.enter_context(motia(root, env))
            return started[name]

        yield project


@pytest.fixture
def copied(tmp_path: Path) -> Copied:
    """Copies the project of a name."""
    return lambda name: copy_project(name, tmp_path)
