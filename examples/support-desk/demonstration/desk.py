"""The surroundings of the demo: the project under `wistro dev`, a CRM, and those who use them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from demokit.project import Running, StartError, copy_project, running, wistro

from .crm import Crm
from .tabs import Tab

PROJECT = Path(__file__).parents[1]
PARTS = ("wistro.yml", "wistro.yml.lock", "package.json", "node_modules", "steps", "desk")


@dataclass
class Desk:
    """Everything that runs."""

    project: Running
    crm: Crm
    anybody: httpx.AsyncClient
    """What callers have who show nothing."""
    manager: httpx.AsyncClient
    """What a holder of the management token has."""

    @contextlib.asynccontextmanager
    async def tab(self, customer: str, name: str) -> AsyncGenerator[Tab, None]:
        """A tab of a customer's browser, open."""
        tab = Tab(self.anybody, customer, name)
        await tab.open()
        try:
            yield tab
        finally:
            await tab.close()

    async def run(self, flow: str, run_id: str) -> dict[str, Any]:
        """A run, as the management API shows it."""
        found = await self.manager.get(f"/_wistro/api/runs/{flow}/{run_id}")
        return found.raise_for_status().json()

    async def command(self, *arguments: str) -> str:
        """What a `wistro` command prints.

        Raises:
            StartError: it failed.
        """
        process = await asyncio.create_subprocess_exec(
            *wistro(self.project, *arguments),
            env={**os.environ, "COLUMNS": "110", "NO_COLOR": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        printed, said = await process.communicate()
        if process.returncode:
            raise StartError(f"`wistro {' '.join(arguments)}` failed: {said.decode()}")
        return printed.decode()

    async def task(self, call_id: str) -> str:
        """The id of the task of a call, once there is one."""
        while True:
            tasks = json.loads(await self.command("inbox", "list", "--json"))
            for task in tasks:
                if task["run_id"] == call_id:
                    return task["id"]


@contextlib.asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[Desk, None]:
    """Start everything in `folder`; stop everything that was started, whatever happens."""
    copy_project(PROJECT, PARTS, folder)
    project = Running(folder)
    with Crm(outages=1) as crm:
        async with (
            running(project, {"CRM_WEBHOOK_SECRET": crm.secret}),
            _client(project) as anybody,
            _client(project, authorization=f"Bearer {project.token}") as manager,
        ):
            yield Desk(project, crm, anybody, manager)


def _client(project: Running, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=project.url, headers=headers, timeout=30, trust_env=False)
