"""The benchmark of a cold start: from nothing to the first answered request."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import AsyncExitStack
from pathlib import Path

import httpx

from bench.effort import Effort
from bench.figures import Row, Series, compare
from bench.processes import python, until
from bench.project import write_project
from bench.sides import ORDER, Bench, by_hand
from wistro.temporal.host.devserver import DevServer, free_port
from wistro_codec import load_keys

Processes = list[subprocess.Popen[bytes]]


async def cold_start(bench: Bench, effort: Effort) -> list[Row]:
    """`wistro dev` on a fresh project, against a script that starts server, worker and HTTP.

    `wistro dev` also finds and checks the steps, in several processes, and watches the files.
    """
    root = bench.root.with_name("cold")
    a, b = Series(), Series()
    for _ in range(effort(5, 2)):
        for start, series in ((_wistro_dev, a), (_by_hand, b)):
            shutil.rmtree(root, ignore_errors=True)
            write_project(root)
            shutil.rmtree(root / ".wistro", ignore_errors=True)
            (root / "wistro.yml.lock").unlink()
            series.open_round()
            async with AsyncExitStack() as stack:
                begun, port, log = time.perf_counter(), free_port(), root / "processes.log"
                processes = await start(stack, bench, root, port, log)
                await _answered(port, processes, log)
                series.add(time.perf_counter() - begun)
    return [compare("cold start to the first answer", a, b, unit="s", scale=1.0)]


async def _wistro_dev(
    stack: AsyncExitStack, bench: Bench, root: Path, port: int, log: Path
) -> Processes:
    command = ["-m", "wistro_cli", "--project", str(root), "dev", "--port", str(port)]
    path = {"PATH": f"{bench.binary.parent}:/usr/bin:/bin"}
    return [await stack.enter_async_context(python(*command, log=log, env=path))]


async def _by_hand(
    stack: AsyncExitStack, bench: Bench, root: Path, port: int, log: Path
) -> Processes:
    keys = root / ".wistro" / "keys.json"
    load_keys(keys)
    server = DevServer(binary=bench.binary, folder=root / ".wistro")
    await stack.enter_async_context(server)
    command = by_hand(server.address, keys, port)
    return [await stack.enter_async_context(python(*command, log=log))]


async def _answered(port: int, processes: Processes, log: Path) -> None:
    async with httpx.AsyncClient(timeout=30.0) as client:

        async def ready() -> bool:
            try:
                answer = await client.post(f"http://127.0.0.1:{port}/orders", json=ORDER)
            except httpx.TransportError:
                return False
            return answer.status_code == 201

        await until(ready, processes, log=log)
