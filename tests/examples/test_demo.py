"""`make demo`: real webhooks, a real Temporal server, real processes, and a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path

import psutil
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "preview-environments"

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not (EXAMPLE / "node_modules").exists() and not shutil.which("npm"),
        reason="the published payloads are an npm package",
    ),
]


async def start(folder: Path, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLE / "demo.py"),
        env={**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1", **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )


def running(folder: Path) -> list[psutil.Process]:
    """The processes that were started below `folder` and still run."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if str(folder) in " ".join(process.cmdline()):
                found.append(process)
    return found


async def test_the_demo_does_what_the_rules_say_and_leaves_nothing(tmp_path: Path) -> None:
    demo = await start(tmp_path)
    printed, _ = await demo.communicate()
    text = printed.decode()
    assert demo.returncode == 0, text
    assert "✗" not in text
    assert "pr synchronize" in text
    assert running(tmp_path) == []
    assert list(tmp_path.glob("previews-*")) == []


async def test_the_worker_is_killed_again_and_again(tmp_path: Path) -> None:
    demo = await start(tmp_path)
    reading = asyncio.create_task(demo.communicate())
    await asyncio.sleep(8)
    killed = 0
    while not reading.done() and killed < 4:
        for process in running(tmp_path):
            if "--only runs,steps" in " ".join(process.cmdline()):
                process.kill()
                killed += 1
        await asyncio.wait((reading,), timeout=3)
    printed, _ = await reading
    assert demo.returncode == 0, printed.decode()
    assert killed
    assert running(tmp_path) == []


async def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    demo = await start(tmp_path, KEEP="1")
    assert demo.stdout is not None
    text = ""
    while "until Ctrl-C" not in text:
        line = (await demo.stdout.readline()).decode()
        assert line, text
        text += line
    assert running(tmp_path)
    os.kill(demo.pid, signal.SIGINT)
    rest, _ = await demo.communicate()
    assert demo.returncode == 130, rest.decode()
    assert "Traceback" not in rest.decode()
    assert running(tmp_path) == []
