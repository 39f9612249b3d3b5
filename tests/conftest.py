"""Fixtures that every part's tests share."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from wistro.temporal.host.devserver import DevServer, ServerBinary, find_binary, free_port

# The machine may be busy: an example that takes long is no failure.
settings.register_profile("wistro", deadline=None)
settings.load_profile("wistro")


@dataclass(frozen=True, kw_only=True)
class TemporalServer:
    """Where the tests' Temporal server is."""

    address: str
    namespace: str
    binary: Path
    folder: Path
    database: Path


@pytest.fixture(scope="session")
def temporal_binary() -> ServerBinary:
    """The `temporal` command. Its absence fails the tests that need it: nothing is skipped."""
    return find_binary(install=False)


@pytest.fixture(scope="session")
def temporal_server(
    temporal_binary: ServerBinary, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TemporalServer]:
    """A Temporal server for the whole session, with a database file that tests may read."""
    folder = tmp_path_factory.mktemp("temporal")
    server = DevServer(binary=temporal_binary.path, folder=folder, ui=False)
    asyncio.run(server.start())
    assert server.database
    yield TemporalServer(
        address=server.address,
        namespace=server.namespace,
        binary=temporal_binary.path,
        folder=folder,
        database=server.database,
    )
    asyncio.run(server.stop())


@pytest.fixture(name="free_port")
def a_free_port() -> int:
    """A port that nobody listens on."""
    return free_port()


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of whoever runs the tests stay out of them."""
    for name in os.environ:
        if name.startswith(("TEMPORAL_", "WISTRO_", "OTEL_")):
            monkeypatch.delenv(name)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remembers the result for `pytest_unconfigure`."""
    session.config.stash[_STATUS] = int(exitstatus)


_STATUS = pytest.StashKey[int]()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the process at once: temporalio may abort while the interpreter finalises."""
    import sys

    if "temporalio.bridge" in sys.modules and _STATUS in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_STATUS])
