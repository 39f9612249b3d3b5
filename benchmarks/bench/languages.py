"""Benchmarks of the workers for TypeScript and Go: hops, start, memory, discovery."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

from bench.effort import Effort
from bench.figures import Row, Series, compare, per_hop
from bench.languages_project import write_many, write_project
from bench.processes import running
from bench.project import HOPS
from bench.sides import Bench, Handwritten, Wistro
from bench.turns import in_turns
from handwritten.workflows import GO_QUEUE, NODE_QUEUE
from wistro.project import Project

_HERE = Path(__file__).parents[1]
_WORKERS = _HERE.parent / "workers"
MANY = 200
COLD_SECONDS, WARM_SECONDS = 3.0, 0.5
"""What discovering `MANY` steps may take: the first time, and with nothing changed."""


@dataclass(frozen=True, kw_only=True)
class Tongue:
    """A language, and the flow of ten hops that is written in it."""

    name: str
    flow: str
    worker: str
    """What the command line of our worker holds."""


NODE = Tongue(name="TypeScript", flow="node-chain", worker="worker/main.js")
GO = Tongue(name="Go", flow="go-chain", worker="go/worker")


async def languages(bench: Bench, effort: Effort) -> list[Row]:
    """Ten hops in each language, against the same activity on the same SDK; memory after them."""
    root = bench.root.with_name("languages")
    write_project(root)
    there = Bench(root=root, address=bench.address, binary=bench.binary)
    there.runtime()
    rows: list[Row] = []
    async with _by_hand(there) as byhand_memory, there.sides(warm="empty") as (wistro, byhand):
        for tongue in (NODE, GO):
            rows += await _hops(tongue, wistro, byhand, effort)
        for tongue in (NODE, GO):
            rows.append(
                Row(
                    label=f"{tongue.name} worker, memory",
                    unit="MiB",
                    wistro=_memory(_find(tongue)),
                    byhand=_memory(byhand_memory[tongue.name]),
                    ratio=_memory(_find(tongue)) / _memory(byhand_memory[tongue.name]),
                )
            )
    rows += await _starts(there, effort)
    return rows


async def _hops(tongue: Tongue, wistro: Wistro, byhand: Handwritten, effort: Effort) -> list[Row]:
    ours, theirs, ours_empty, theirs_empty = await in_turns(
        partial(wistro.run, tongue.flow),
        partial(byhand.run, tongue.flow),
        partial(wistro.run, "empty"),
        partial(byhand.run, "empty"),
        rounds=effort(10, 4),
        each=effort(15, 6),
        warm_up=10,
    )
    hop, byhand_hop = per_hop(ours, ours_empty, HOPS), per_hop(theirs, theirs_empty, HOPS)
    return [
        compare(f"chain of {HOPS} steps in {tongue.name}, p50", ours, theirs),
        compare(f"hop in {tongue.name}", hop, byhand_hop, at_most=1.15),
    ]


@asynccontextmanager
async def _by_hand(bench: Bench) -> AsyncIterator[dict[str, psutil.Process]]:
    """The hand-written activity workers, by language."""
    log = bench.root / "byhand.log"
    binary = bench.root.with_name("handwritten-go")
    build = ["go", "build", "-o", str(binary), "./internal/handwritten"]
    subprocess.run(build, cwd=_WORKERS / "go", check=True)  # noqa: ASYNC221 - nothing else runs yet
    node = ["node", str(_HERE / "handwritten" / "worker.mjs")]
    async with AsyncExitStack() as stack:
        found: dict[str, psutil.Process] = {}
        for tongue, command, queue in ((NODE, node, NODE_QUEUE), (GO, [str(binary)], GO_QUEUE)):
            process = await stack.enter_async_context(
                running(*command, bench.address, str(bench.keys), queue, log=log)
            )
            found[tongue.name] = psutil.Process(process.pid)
        yield found


def _find(tongue: Tongue) -> psutil.Process:
    """Our worker: `wistro start` is a child of this process, and the worker one of its children."""
    for process in psutil.Process().children(recursive=True):
        if tongue.worker in " ".join(process.cmdline()) and "serve" in process.cmdline():
            return process
    raise RuntimeError(f"`wistro start` runs no worker for {tongue.name}")


def _memory(process: psutil.Process) -> float:
    return process.memory_info().rss / 1024**2


async def _starts(bench: Bench, effort: Effort) -> list[Row]:
    """From a worker's start to its word that it is ready."""
    rows: list[Row] = []
    commands = {
        NODE: ["node", str(_WORKERS / "typescript" / "dist" / "worker" / "main.js")],
        GO: [str(bench.root / ".wistro" / "cache" / "go" / "worker")],
    }
    for tongue, language in ((NODE, "node"), (GO, "go")):
        manifest = bench.root / ".wistro" / "workers" / f"{language}.json"
        times = Series()
        times.open_round()
        for _ in range(effort(5, 2)):
            command = [*commands[tongue], "serve", "--manifest", str(manifest)]
            times.add(await asyncio.to_thread(_until_ready, command, bench.address))
        seconds = sorted(times.values)[len(times.values) // 2]
        rows.append(Row(label=f"{tongue.name} worker, start", unit="s", wistro=seconds))
    return rows


def _until_ready(command: list[str], address: str) -> float:
    ours, theirs = socket.socketpair()
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={
            **os.environ,
            "WISTRO_CONTROL_FD": str(theirs.fileno()),
            "TEMPORAL_ADDRESS": address,
            "TEMPORAL_NAMESPACE": "default",
            "WISTRO_API": "http://127.0.0.1:9",
        },
        pass_fds=[theirs.fileno()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    theirs.close()
    try:
        with ours, ours.makefile("rb") as lines:
            said = json.loads(lines.readline() or b'{"event": "it ended"}')
            if said["event"] != "ready":
                raise RuntimeError(f"`{' '.join(command)}` said {said}")
            return time.perf_counter() - begun
    finally:
        process.terminate()
        process.wait(30)


async def discovery(bench: Bench, effort: Effort) -> list[Row]:
    """Discovering 200 steps of each language, the first time and with nothing changed."""
    rows: list[Row] = []
    for language, name in (("python", "Python"), ("node", "TypeScript"), ("go", "Go")):
        root = bench.root.with_name(f"many-{language}")
        write_many(root, language, MANY)
        project = Project.open(root)
        await asyncio.to_thread(project.discover, cache=False)  # builds what Go links
        cold, warm = Series(), Series()
        for series, cache in ((cold, False), (warm, True)):
            series.open_round()
            await asyncio.to_thread(project.discover, cache=True)
            for _ in range(effort(5, 2)):
                begun = time.perf_counter()
                found = await asyncio.to_thread(project.discover, cache=cache)
                series.add(time.perf_counter() - begun)
                if len(found.steps) != MANY:
                    raise RuntimeError(f"found {len(found.steps)} steps: {found.errors[:3]}")
        for what, series, limit in (
            ("cold", cold, COLD_SECONDS),
            ("nothing changed", warm, WARM_SECONDS),
        ):
            seconds = sorted(series.values)[len(series.values) // 2]
            rows.append(
                Row(
                    label=f"discovery of {MANY} {name} steps, {what}",
                    unit="s",
                    wistro=seconds,
                    byhand=limit,
                    other="limit",
                    ratio=seconds / limit,
                    at_most=1.0,
                    samples=len(series.values),
                )
            )
    return rows
