"""Environments as processes of this machine."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest

from previews.model import Environment
from steps.environments import lifecycle, local_target
from steps.environments.lifecycle import Claim
from steps.environments.local_target import LocalTarget
from steps.environments.target import DeployError

from .makers import branch, wanted


def environment(app: str = "web", revision: int = 1) -> Environment:
    decision = lifecycle.create(wanted(app, branch("<b>&")), [], "by", datetime.now(UTC))
    assert isinstance(decision, Claim)
    return decision.environment.model_copy(update={"revision": revision})


@pytest.fixture
async def target(tmp_path: Path) -> AsyncIterator[LocalTarget]:
    target = LocalTarget(tmp_path / "previews")
    yield target
    for process in target.all():
        await target.stop(process.environment)


async def get(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.get(url)


async def test_an_environment_answers_until_it_is_stopped(target: LocalTarget) -> None:
    url = await target.start(environment())
    page = await get(url)
    assert page.status_code == 200
    assert "&lt;b&gt;&amp;" in page.text, "the branch's name is text, not HTML"
    facts = (await get(f"{url}/environment.json")).json()
    assert facts["commit"] == environment().commit
    assert "token" not in facts
    assert (await get(f"{url}/else")).status_code == 404
    await target.stop(environment().id)
    with pytest.raises(httpx.ConnectError):
        await get(url)
    assert target.all() == []
    await target.stop(environment().id)


async def test_starting_again_finds_the_process_that_is_there(target: LocalTarget) -> None:
    first = await target.start(environment())
    assert await target.start(environment()) == first
    assert len(target.all()) == 1


async def test_two_that_start_it_at_once_get_one_process(target: LocalTarget) -> None:
    urls = await asyncio.gather(*(target.start(environment()) for _ in range(4)))
    assert len(set(urls)) == 1


async def test_a_restart_is_another_process(target: LocalTarget) -> None:
    first = await target.start(environment())
    before = target.find(environment().id)
    second = await target.start(environment(revision=2))
    after = target.find(environment().id)
    assert before
    assert after
    assert before.pid != after.pid
    assert (await get(f"{second}/environment.json")).json()["revision"] == 2
    with pytest.raises(httpx.ConnectError):
        await get(first)
    with pytest.raises(DeployError, match="expected to run revision 1, found revision 2"):
        await target.start(environment())


async def test_it_outlives_whoever_started_it(target: LocalTarget) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; "
        "from previews.model import Environment; "
        "from steps.environments.local_target import LocalTarget; "
        "environment = Environment.model_validate_json(sys.argv[2]); "
        "print(asyncio.run(LocalTarget(Path(sys.argv[1])).start(environment)))"
    )
    starter = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(target.folder), environment().model_dump_json()),
        cwd=Path(__file__).parents[1],
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await starter.communicate()
    assert (await get(printed.decode().strip())).status_code == 200
    process = target.find(environment().id)
    assert process
    assert psutil.Process(process.pid).ppid() != starter.pid


async def test_only_the_token_stops_it(target: LocalTarget) -> None:
    url = await target.start(environment())
    async with httpx.AsyncClient(trust_env=False) as http:
        bearer = {"Authorization": "Bearer guess"}
        assert (await http.post(f"{url}/stop", headers=bearer)).status_code == 401
        assert (await http.post(f"{url}/else", headers=bearer)).status_code == 404
    assert len(target.all()) == 1


async def test_one_that_hangs_is_killed(
    target: LocalTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_target, "PATIENCE", 0.5)
    await target.start(environment())
    process = target.find(environment().id)
    assert process
    os.kill(process.pid, signal.SIGSTOP)
    await target.stop(environment().id)
    assert target.all() == []


async def test_a_process_that_died_by_itself_is_replaced(target: LocalTarget) -> None:
    await target.start(environment())
    process = target.find(environment().id)
    assert process
    os.kill(process.pid, signal.SIGKILL)
    while target.find(environment().id):
        await asyncio.sleep(0.01)
    assert (await get(await target.start(environment()))).status_code == 200


async def test_a_foreign_process_is_never_touched(target: LocalTarget) -> None:
    """After a crash of the machine, the file may name a pid that is somebody else's now."""
    target.folder.mkdir(parents=True)
    foreign = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        left = {"environment": environment().id, "revision": 1, "token": "t", "port": 1}
        file = target.folder / f"{environment().id}.lock"
        file.write_text(json.dumps({**left, "pid": foreign.pid}))
        assert target.find(environment().id) is None
        await target.stop(environment().id)
        assert (await get(await target.start(environment()))).status_code == 200
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()
