"""Workers of other languages as `wistro start` and `wistro dev` see them, played by small scripts."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.project.writing import write_project
from wistro.errors import SetupError
from wistro.project.lock import Lock
from wistro_cli.dev.changes import languages_of_code
from wistro_cli.dev.worker_log import worth_showing
from wistro_cli.hosting import workers
from wistro_cli.hosting.options import HostOptions
from wistro_cli.hosting.workers import Workers
from wistro_cli.packages import lacks_packages, set_up_packages
from wistro_cli.parts import Parts
from wistro_cli.supervision.process import Command
from wistro_cli.typings import has_types

SAYS = """
import json, os, signal, socket, sys
control = socket.socket(fileno=int(os.environ["WISTRO_CONTROL_FD"]))
print(os.environ["WISTRO_API"], file=sys.stderr, flush=True)
control.sendall(json.dumps({told}).encode() + b"\\n")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.pause()
"""


class Runtime:
    """What is asked of a runtime."""

    def __init__(self, root: Path) -> None:
        self.lock = Lock(project="shop")
        self.project = type("Project", (), {"root": root})


@pytest.fixture
def playing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def make(told: dict[str, str]) -> Workers:
        script = SAYS.replace("{told}", repr(told))
        command = Command(arguments=(sys.executable, "-c", script), folder=tmp_path)
        monkeypatch.setattr(workers, "worker_command", lambda *_: command)
        options = HostOptions(parts=Parts(), drain=timedelta(seconds=1))
        return Workers(Runtime(tmp_path), ["node"], options)  # type: ignore[arg-type]

    return make


async def test_a_worker_that_is_ready(playing: Any, capfd: pytest.CaptureFixture[str]) -> None:
    stop, ready = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(
        playing({"event": "ready"}).run("http://api", stop=stop, on_ready=ready.set)
    )
    await asyncio.wait_for(ready.wait(), 10)
    stop.set()
    await asyncio.wait_for(running, 10)
    assert "http://api" in capfd.readouterr().err


async def test_a_worker_that_refuses(playing: Any) -> None:
    told = {"event": "failed", "message": "the contract is of tomorrow", "hint": "wait"}
    refusing = playing(told).run("http://api", stop=asyncio.Event(), on_ready=lambda: None)
    with pytest.raises(SetupError, match="the node worker does not start: the contract") as caught:
        await asyncio.wait_for(refusing, 10)
    assert caught.value.hint == "wait"


async def test_a_program_that_is_gone(playing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Command(arguments=("/nowhere/node",))
    refusing = playing({})
    monkeypatch.setattr(workers, "worker_command", lambda *_: gone)
    with pytest.raises(SetupError, match="`/nowhere/node`: No such file"):
        await asyncio.wait_for(
            refusing.run("http://api", stop=asyncio.Event(), on_ready=lambda: None), 10
        )


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("printed by a step", "printed by a step"),
        ("[1, 2]", "[1, 2]"),
        ('{"mine": 1}', '{"mine": 1}'),
        ('{"event": "ready", "level": "info"}', None),
        ('{"event": "charged", "level": "warning", "delivery": "1"}', None),
        (
            '{"event": "slow", "level": "warning", "logger": "wistro.worker", "ms": 7}',
            "[warning] slow ms=7",
        ),
    ],
)
def test_what_dev_shows_of_a_workers_log(line: str, shown: str | None) -> None:
    assert worth_showing(line) == shown


def test_which_languages_files_belong_to() -> None:
    names = ["steps/a.step.py", "steps/b.ts", "types.d.ts", "go.mod", "notes.txt", "data.json"]
    assert languages_of_code(map(Path, names)) == {"python", "node", "go"}
    assert languages_of_code([Path("types.d.ts"), Path("data.json")]) == frozenset()
    assert languages_of_code([Path("package.json")]) == {"node"}


def test_a_package_json_is_set_up(tmp_path: Path) -> None:
    assert not lacks_packages(tmp_path)
    write_project(tmp_path, {"steps/a.step.ts": "export const config = {}"})
    assert lacks_packages(tmp_path)
    assert set_up_packages(tmp_path, print) == ("package.json", "tsconfig.json")
    assert not lacks_packages(tmp_path)
    package = json.loads((tmp_path / "package.json").read_text())
    assert package["type"] == "module"
    assert "dependencies" not in package
    assert (tmp_path / "node_modules/wistro/package.json").is_file()
    assert set_up_packages(tmp_path, print) == ()
    assert not has_types(tmp_path)


def test_dev_asks_on_a_terminal(tmp_path: Path) -> None:
    write_project(tmp_path, {"steps/a.step.ts": "export const config = {"})
    # Somebody else runs `wistro dev` here, so that it asks and then ends.
    ours, theirs = pty.openpty()
    script = (
        "from pathlib import Path; from wistro_cli.dev.offer import offer_packages;"
        "from wistro_cli.dev.screen import Lines;"
        "offer_packages(Path('.'), Lines(), ask=True)"
    )
    pid = os.fork()
    if pid == 0:
        os.chdir(tmp_path)
        for number in range(3):
            os.dup2(theirs, number)
        os.execv(sys.executable, [sys.executable, "-c", script])
    os.write(ours, b"y\n")
    os.waitpid(pid, 0)
    said = os.read(ours, 10_000).decode()
    os.close(ours)
    os.close(theirs)
    assert "no package.json. Set one up? [Y/n]" in said
    assert "wrote package.json and tsconfig.json" in said
    assert (tmp_path / "package.json").is_file()


def test_nobody_is_asked_where_no_terminal_is(tmp_path: Path) -> None:
    write_project(tmp_path, {"steps/a.step.ts": "export const config = {"})
    script = (
        "from pathlib import Path; from wistro_cli.dev.offer import offer_packages;"
        "from wistro_cli.dev.screen import JsonLines;"
        "offer_packages(Path('.'), JsonLines(), ask=True)"
    )
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "`wistro dev` in a terminal sets one up" in json.loads(done.stdout)["message"]
    assert not (tmp_path / "package.json").exists()
