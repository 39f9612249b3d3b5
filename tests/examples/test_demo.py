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


def left(folder: Path) -> list[str]:
    """The processes that were started below `folder` and still run."""
    found: list[str] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            line = " ".join(process.cmdline())
            if str(folder) in line:
                found.append(line)
    return found


async def test_the_demo_does_what_the_rules_say_and_leaves_nothing(tmp_path: Path) -> None:
    demo = await start(tmp_path)
    printed, _ = await demo.communicate()
    text = printed.decode()
    assert demo.returncode == 0, text
    assert "✗" not in text
    assert "pr synchronize" in text
    assert left(tmp_path) == []
    assert list(tmp_path.glob("previews-*")) == []


async def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    demo = await start(tmp_path, KEEP="1")
    assert demo.stdout is not None
    text = ""
    while "until Ctrl-C" not in text:
        line = (await demo.stdout.readline()).decode()
        assert line, text
        text += line
    assert left(tmp_path)
    os.kill(demo.pid, signal.SIGINT)
    rest, _ = await demo.communicate()
    assert demo.returncode == 130, rest.decode()
    assert "Traceback" not in rest.decode()
    assert left(tmp_path) == []
