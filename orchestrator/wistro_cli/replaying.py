"""Replays stored histories with the workflow of today."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer

from wistro.errors import SetupError
from wistro.project import Project
from wistro.project.lock import Lock
from wistro.temporal import wire
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.history import find_run
from wistro.temporal.host.hosting import WORKFLOWS
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress, configured_server
from wistro_cli.address import read_address


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """How the replay of one history went."""

    workflow_id: str
    events: int
    error: str | None = None
    """How today's code differs from what the history says."""


async def replay_histories(
    root: Path, what: Sequence[str] | None, limit: int, save: Path | None
) -> list[Replayed]:
    """Replay runs and files, or with `None` the latest runs.

    Args:
        root: The project's folder.
        what: Ids of runs, and paths of files.
        limit: How many of the latest runs.
        save: A folder where histories are kept.

    Raises:
        SetupError: a file is no history, or Temporal's address is not known.
        WistroError: a run is not there, or Temporal does not answer.
    """
    project = Project.open(root)
    lock = _lock(project)
    server = _server(root)
    runtime = Runtime.open(project, lock, server or ServerAddress(address="", namespace="default"))
    replayer = Replayer(workflows=WORKFLOWS, data_converter=runtime.data_converter)
    found: list[Replayed] = []
    with engine_errors():
        async for history in _histories(runtime, what, limit, known=server is not None):
            if save is not None:
                _save(save, history)
            result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
            error = result.replay_failure
            found.append(
                Replayed(
                    workflow_id=history.workflow_id,
                    events=len(history.events),
                    error=None if error is None else str(error),
                )
            )
    return found


async def _histories(
    runtime: Runtime, what: Sequence[str] | None, limit: int, *, known: bool
) -> AsyncIterator[WorkflowHistory]:
    files = [Path(name) for name in what or () if _is_file(name)]
    for path in files:
        yield _read(path)
    runs = None if what is None else [name for name in what if not _is_file(name)]
    if runs == []:
        return
    if not known:
        raise SetupError(
            "it is not known where Temporal is: the project is not running",
            code="no_temporal_address",
            hint="run `wistro dev`, or set TEMPORAL_ADDRESS",
        )
    client = await runtime.connect()
    if runs is None:
        query = f"TaskQueue = '{wire.runs_queue(runtime.lock.project)}'"
        async for execution in client.list_workflows(query, limit=limit):
            handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
            yield await handle.fetch_history()
        return
    for name in runs:
        yield await _fetch(client, runtime.lock, name)


async def _fetch(client: Client, lock: Lock, name: str) -> WorkflowHistory:
    flow, slash, run_id = name.rpartition("/")
    flows = [flow] if slash else list(lock.flows)
    handle = await find_run(client, flows, run_id)
    return await handle.fetch_history()


def _is_file(name: str) -> bool:
    return name.endswith(".json") or Path(name).is_file()


def _read(path: Path) -> WorkflowHistory:
    """A history as `--save` or Temporal's own tools write it."""
    try:
        document = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
        started = document["events"][0]["workflowExecutionStartedEventAttributes"]
        # The key of the payloads is that of the flow, which the workflow's id names.
        return WorkflowHistory.from_json(started["workflowId"], document)
    except OSError as error:
        raise SetupError(f"`{path}` cannot be read: {error.strerror}", code="unreadable") from error
    except (ValueError, LookupError, TypeError) as error:
        raise SetupError(
            f"`{path}` is not a workflow history: {error}",
            code="not_a_history",
            hint="`wistro replay --all --save FOLDER` writes such files",
        ) from error


def _save(folder: Path, history: WorkflowHistory) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = history.workflow_id.replace("/", "_")
    (folder / f"{name}.json").write_text(history.to_json(), encoding="utf-8")


def _lock(project: Project) -> Lock:
    """The lock, for its keys and storage; a project that has none yet is compiled."""
    return project.read_lock() if project.lock_path.is_file() else project.compile().lock


def _server(root: Path) -> ServerAddress | None:
    if configured := configured_server():
        return configured
    address = read_address(root)
    return address and ServerAddress(address=address.temporal, namespace=address.namespace)
