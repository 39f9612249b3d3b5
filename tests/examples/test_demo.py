"""`make demo` and `make demo-support`: a real Temporal server, real processes, and a clean end."""

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

EXAMPLES = Path(__file__).parents[2] / "examples"
PREVIEWS, SUPPORT = EXAMPLES / "preview-environments", EXAMPLES / "support-desk"
TOLD = {
    PREVIEWS: ["pr synchronize", "nothing of it can be read in Temporal's database"],
    SUPPORT: ["Grace's tab stays silent", "the CRM is out of order: 503", "410 the second time"],
}
"""Some of what each demo says when all is well."""

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not all((demo / "node_modules").exists() for demo in TOLD) and not shutil.which("npm"),
        reason="the demos need npm packages",
    ),
]


async def start(example: Path, folder: Path, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(example / "demo.py"),
        env={**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1", **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )


def running(folder: Path, *, doing: str = "") -> list[psutil.Process]:
    """The processes that were started below `folder`, with this in their command, and still run."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            command = " ".join(process.cmdline())
            if str(folder) in command and doing in command:
                found.append(process)
    return found


@pytest.mark.parametrize("example", TOLD, ids=lambda example: example.name)
async def test_the_demo_does_what_it_says_and_leaves_nothing(example: Path, tmp_path: Path) -> None:
    demo = await start(example, tmp_path)
    printed, _ = await demo.communicate()
    text = printed.decode()
    assert demo.returncode == 0, text
    assert "✗" not in text
    assert [told for told in TOLD[example] if told not in text] == []
    assert running(tmp_path) == []
    left = [path.name for path in tmp_path.iterdir()]
    assert [name for name in left if not name.startswith("tsx-")] == []  # tsx keeps a cache there


async def test_the_worker_is_killed_again_and_again(tmp_path: Path) -> None:
    demo = await start(PREVIEWS, tmp_path)
    reading = asyncio.create_task(demo.communicate())
    await asyncio.sleep(8)
    killed = 0
    while not reading.done() and killed < 4:
        for process in running(tmp_path, doing="--only runs,steps"):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
                killed += 1
        await asyncio.wait((reading,), timeout=3)
    printed, _ = await reading
    assert demo.returncode == 0, printed.decode()
    assert killed
    assert running(tmp_path) == []


@pytest.mark.parametrize("example", TOLD, ids=lambda example: example.name)
async def test_ctrl_c_stops_everything(example: Path, tmp_path: Path) -> None:
    demo = await start(example, tmp_path, KEEP="1")
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
