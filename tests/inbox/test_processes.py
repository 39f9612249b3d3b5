"""Tasks while processes die; what is on disk; and the command line, which is a process too."""

from __future__ import annotations

import asyncio
import base64
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.command import WISTRO, wistro
from tests.inbox.conftest import SECRET, refunds
from tests.reliability.conftest import Cluster, StartCluster

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(180)]

QUIET = """
    from wistro import EventStep

    config = EventStep(
        name="Book the decision", flows=["refunds"], subscribes=["refund.approved", "refund.refused"],
        emits=[],
    )

    async def handler(message, ctx):
        pass
    """
"""Keeps nothing: what a handler puts into the state is for it to answer for."""
FILES = {**refunds(more='assignees=["anna"],'), "done.step.py": QUIET}


async def ask(running: Cluster, key: str = "task") -> dict[str, Any]:
    """The task of a new run, once it is listed."""
    async with httpx.AsyncClient(headers=running.headers, timeout=40) as client:
        url = f"{running.url}/_wistro/topics/refund.wanted"
        headers = {"idempotency-key": key}
        told = await client.post(url, json={"note": SECRET}, headers=headers)
        assert told.status_code == 202, told.text
        return (await tasks(running))[-1]


async def tasks(running: Cluster, status: str = "open") -> list[dict[str, Any]]:
    """The tasks with this status, once there are any."""
    async with httpx.AsyncClient(headers=running.headers) as client, asyncio.timeout(60):
        while True:
            query = {"status": status}
            found = await client.get(f"{running.url}/_wistro/api/tasks", params=query)
            if found.status_code == 200 and found.json()["tasks"]:
                return found.json()["tasks"]
            await asyncio.sleep(0.1)


async def answer(running: Cluster, task: dict[str, Any]) -> httpx.Response:
    """Answers a task in Anna's name; tries again while the run cannot be reached."""
    async with httpx.AsyncClient(headers=running.headers, timeout=90) as client:
        url = f"{running.url}/_wistro/api/tasks/{task['id']}/answer"
        body = {"data": {"approved": True, "reason": SECRET}, "by": "anna"}
        while True:
            answered = await client.post(url, json=body)
            if answered.status_code != 503:
                return answered
            await asyncio.sleep(float(answered.headers["retry-after"]))


async def test_a_worker_dies_while_people_answer(cluster: StartCluster) -> None:
    async with cluster(FILES, "triggers", "worker") as running:
        task = await ask(running)
        await running.kill("worker")
        answering = asyncio.create_task(answer(running, task))
        await asyncio.sleep(1)
        running.start("worker")
        answered = await answering
        # Told twice because the first attempt did arrive, it is refused, and counts all the same.
        assert answered.status_code == 200 or answered.json()["error"]["code"] in {
            "task_closed",
            "task_answered",
        }
        assert await running.settled(1) == {"completed": 1}
        (closed,) = await tasks(running, "closed")
        assert closed["id"] == task["id"]


async def test_the_inbox_outlives_everything(cluster: StartCluster) -> None:
    async with cluster(FILES, "triggers", "worker") as running:
        task = await ask(running)
        await running.kill("triggers")
        await running.kill("worker")
        running.start("triggers")
        running.start("worker")
        await running.ready()
        assert [each["id"] for each in await tasks(running)] == [task["id"]]
        assert (await answer(running, task)).status_code == 200
        assert await running.settled(1) == {"completed": 1}


async def test_nothing_that_was_asked_or_answered_is_in_clear(
    cluster: StartCluster, tmp_path: Path
) -> None:
    async with cluster(FILES, "triggers", "worker") as running:
        task = await ask(running)
        async with httpx.AsyncClient(headers=running.headers) as client:
            url = f"{running.url}/_wistro/api/tasks/{task['id']}/attachments"
            query = {"name": f"{SECRET}.txt", "by": "anna"}
            attached = await client.post(url, params=query, content=SECRET * 3)
            assert attached.status_code == 201
        assert (await answer(running, task)).status_code == 200
        assert await running.settled(1) == {"completed": 1}
        await asyncio.sleep(0.5)
        await running.server.stop()
        forms = [base64.b64encode(b"x" * n + SECRET.encode())[4:-4] for n in range(3)]
        folders = tmp_path / "temporal", running.project.root / ".wistro"
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        assert any(path.name == "wistro.db" for path in files)
        found = [
            path.name
            for path in files
            if any(form in path.read_bytes() for form in [SECRET.encode(), *forms])
        ]
        assert found == []


async def test_the_command_line(cluster: StartCluster) -> None:
    async with cluster(FILES, "triggers", "worker") as running:
        root = running.project.root
        await ask(running, "1")
        run = asyncio.to_thread
        listed = (await run(lambda: wistro("inbox", "list", "--json", cwd=root).ok())).json()
        assert [task["assignees"] for task in listed] == [["anna"]]
        id = listed[0]["id"]
        table = await run(lambda: wistro("inbox", "list", "--assignee", "anna", cwd=root).ok())
        assert "Approve the refund" in table.out
        shown = await run(lambda: wistro("inbox", "show", id[:6], cwd=root).ok())
        assert SECRET in shown.out
        nobody = await run(lambda: wistro("inbox", "list", "--role", "none", cwd=root).ok())
        assert nobody.err.strip() == "nothing waits for people"
        said = "inbox", "comment", id, "Hm.", "--as", "bob"
        assert "commented" in (await run(lambda: wistro(*said, cwd=root).ok())).err
        moved = "inbox", "reassign", id, "--to", "carl", "--as", "anna", "--json"
        assert (await run(lambda: wistro(*moved, cwd=root).ok())).json()["action"] == "reassign"
        made = await run(lambda: wistro("inbox", "link", id, "--to", "dora", cwd=root).ok())
        assert made.out.startswith(f"{running.url}/task/wt1.")
        wrong = "inbox", "answer", id, "--data", '{"amount": -1}', "--as", "carl"
        refused = await run(lambda: wistro(*wrong, cwd=root))
        assert refused.code == 1
        assert "data.approved" in refused.err
        nameless = "inbox", "answer", id, "--data", '{"approved": true}'
        assert "by" in (await run(lambda: wistro(*nameless, cwd=root))).err
        piped = await run(lambda: wistro("inbox", "answer", id, "--as", "carl", cwd=root))
        assert "expected the answer in `--data`" in piped.err
        code = await run(lambda: _typed(root, id, ["maybe", "y", "much", "12", ""]))
        assert code == 0
        assert await running.settled(1) == {"completed": 1}
        shown = (await run(lambda: wistro("inbox", "show", id, "--json", cwd=root).ok())).json()
        assert shown["answers"][0]["answer"] == {"approved": True, "amount": 12}
        late = await run(lambda: wistro(*nameless, "--as", "carl", cwd=root))
        assert (late.code, "the task is closed" in late.err) == (1, True)


def _typed(root: Path, id: str, lines: list[str]) -> int:
    """Answer at a terminal, on which these lines are typed; the exit code."""
    ours, theirs = pty.openpty()
    try:
        command = [*WISTRO, "inbox", "answer", id, "--as", "carl"]
        process = subprocess.Popen(
            command, cwd=root, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        os.write(ours, "".join(f"{line}\n" for line in lines).encode())
        _, errors = process.communicate(timeout=60)
        assert b"Traceback" not in errors, errors
        return process.returncode
    finally:
        os.close(ours)
        os.close(theirs)
