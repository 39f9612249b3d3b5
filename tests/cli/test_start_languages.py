"""`wistro start` with three languages: it builds, starts, restarts and drains their workers."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.command import Running, arguments_of, post, running, wistro
from tests.cli.languages import write_shop
from tests.cli.test_start import until
from tests.conftest import TemporalServer

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with its lock, and without what discovery has built."""
    root = write_shop(tmp_path_factory.mktemp("languages") / "shop", f"shop-{os.getpid()}")
    wistro("lock", cwd=root, timeout=200).ok()
    (root / ".wistro/cache/go/worker").unlink()
    return root


def place_order(command: Running, url: str) -> None:
    """An order that goes through all languages."""
    run_id = post(f"{url}/orders", {"id": "7"}).json()["run"]

    def thanked() -> bool:
        return any(each.get("event") == "thanked" for each in logged(command, run_id))

    until(thanked)
    assert {each["event"] for each in logged(command, run_id)} >= {"charged", "shipped", "thanked"}


def logged(command: Running, run_id: str) -> list[Mapping[str, object]]:
    """The log lines about a run; each line is JSON, whoever wrote it."""
    return [line for line in map(json.loads, list(command.errors)) if line.get("run") == run_id]


def worker(command: Running, language: str) -> psutil.Process:
    """The process of a language."""
    return next(
        child
        for child in command.children()
        if any(argument.endswith(f"{language}.json") for argument in arguments_of(child))
    )


def test_one_command_runs_all_languages(
    locked: Path, temporal_server: TemporalServer, free_port: int
) -> None:
    url = f"http://127.0.0.1:{free_port}"
    env = {"TEMPORAL_ADDRESS": temporal_server.address}
    with running("start", "-p", str(free_port), "--drain", "2", cwd=locked, env=env) as command:
        command.wait_for_line("working on steps", timeout=120)
        place_order(command, url)
        for language in ("node", "go"):
            killed = worker(command, language)
            killed.kill()
            until(lambda language=language, killed=killed: _other(command, language, killed))
        place_order(command, url)
        children = command.children()
        assert len(children) == 2
        assert command.stop(signal.SIGTERM) == 0, command.story()
        _, alive = psutil.wait_procs(children, timeout=5)
        assert alive == []


def _other(command: Running, language: str, killed: psutil.Process) -> bool:
    try:
        return worker(command, language).pid != killed.pid
    except (StopIteration, psutil.NoSuchProcess):
        return False


def test_languages_in_processes_of_their_own(
    locked: Path, temporal_server: TemporalServer, free_port: int
) -> None:
    url = f"http://127.0.0.1:{free_port}"
    env = {"TEMPORAL_ADDRESS": temporal_server.address}
    near = ("start", "-p", str(free_port), "--only", "triggers,runs,steps")
    with running(*near, cwd=locked, env=env) as here:
        until(lambda: httpx.get(f"{url}/_wistro/health").status_code == 200)
        with running(
            "start", "--only", "node,go", cwd=locked, env={**env, "WISTRO_API": url}
        ) as there:
            there.wait_for_line("working on steps", timeout=120)
            run_id = post(f"{url}/orders", {"id": "8"}).json()["run"]
            until(lambda: any(each["event"] == "thanked" for each in logged(here, run_id)))
            assert {each["step"] for each in logged(there, run_id)} == {"charge", "ship"}
            assert there.stop(signal.SIGTERM) == 0, there.story()


def test_workers_end_with_their_supervisor(
    locked: Path, temporal_server: TemporalServer, free_port: int
) -> None:
    env = {"TEMPORAL_ADDRESS": temporal_server.address}
    with running("start", "-p", str(free_port), "--drain", "1", cwd=locked, env=env) as command:
        command.wait_for_line("working on steps", timeout=120)
        children = command.children()
        command.process.kill()
        _, alive = psutil.wait_procs(children, timeout=20)
        assert alive == []


def test_keys_that_cannot_be_read_end_the_command(
    locked: Path, temporal_server: TemporalServer, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text("{}")
    keys.chmod(0o600)
    env = {"TEMPORAL_ADDRESS": temporal_server.address, "WISTRO_KEYS_FILE": str(keys)}
    ended = wistro("start", "--only", "node", cwd=locked, env=env)
    assert ended.code == 1
    assert "keys.json" in ended.err


def test_parts_that_the_project_has_not(shop: Path, temporal_server: TemporalServer) -> None:
    wistro("lock", cwd=shop).ok()
    env = {"TEMPORAL_ADDRESS": temporal_server.address}
    ended = wistro("start", "--only", "node,go", cwd=shop, env=env)
    assert ended.code == 1
    assert "`--only node,go` leaves nothing to run: `shop` has no such steps" in ended.err
