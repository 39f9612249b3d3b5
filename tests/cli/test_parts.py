"""The small parts that commands are made of."""

from __future__ import annotations

import asyncio
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wistro.errors import Issue, SetupError
from wistro.stores.journal import JournalEntry
from wistro_cli.address import Address, read_address, remove_address, write_address
from wistro_cli.control import CONTROL_VARIABLE, Control
from wistro_cli.dev.changes import file_changes
from wistro_cli.dev.ports import choose_port
from wistro_cli.entries import entry_line
from wistro_cli.environment import load_env_file, read_env_file
from wistro_cli.findings import count
from wistro_cli.hosting.pauses import pauses
from wistro_cli.output import compact, describe, moment, seconds
from wistro_cli.parts import Parts
from wistro_cli.supervision.child import Child
from wistro_cli.supervision.process import Command, Process
from wistro_codec import CodecError


def test_an_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text(
        "# a comment\n\nPLAIN=value # more\nexport QUOTED=\"a # b\"\nSINGLE='x y'\nEMPTY=\nTAKEN=no\n"
    )
    monkeypatch.setenv("TAKEN", "yes")
    assert read_env_file(tmp_path)["QUOTED"] == "a # b"
    mine = load_env_file(tmp_path)
    assert mine == {"PLAIN", "QUOTED", "SINGLE", "EMPTY"}
    assert os.environ["PLAIN"] == "value"
    assert os.environ["SINGLE"] == "x y"
    assert os.environ["TAKEN"] == "yes"
    (tmp_path / ".env").write_text("PLAIN=other\n")
    assert load_env_file(tmp_path, replacing=mine) == {"PLAIN"}
    assert os.environ["PLAIN"] == "other"
    assert "QUOTED" not in os.environ
    load_env_file(tmp_path / "nowhere", replacing=["PLAIN"])
    assert "PLAIN" not in os.environ


def test_an_address_is_taken_back_by_its_writer_only(tmp_path: Path) -> None:
    assert read_address(tmp_path) is None
    mine = Address(url="http://x", pid=os.getpid(), temporal="t:1", namespace="default")
    other = Address(url="http://y", pid=1, temporal="t:1", namespace="default")
    write_address(tmp_path, other)
    remove_address(tmp_path)
    assert read_address(tmp_path) == other
    write_address(tmp_path, mine)
    remove_address(tmp_path)
    assert read_address(tmp_path) is None
    for text in ("[]", "{", '{"url": 1, "other": 2}'):
        (tmp_path / ".wistro" / "api.json").write_text(text)
        assert read_address(tmp_path) is None


def test_ports() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert choose_port(None, port) != port
        with pytest.raises(SetupError, match=f"port `{port}` is in use"):
            choose_port(port, 3000)
    assert choose_port(port, 3000) == port
    assert choose_port(0, 3000) > 0
    assert choose_port(None, 0) > 0


def test_parts_of_a_process() -> None:
    assert Parts.parse(None) == Parts(runs=True, steps=True, triggers=True)
    assert Parts.parse("runs, steps") == Parts(node=False, go=False, triggers=False)
    assert Parts.parse("runs") == Parts(steps=False, node=False, go=False, triggers=False)


def test_pauses_grow_to_a_bound() -> None:
    found = pauses(1, 3)
    assert [next(found) for _ in range(4)] == [1, 2, 3, 3]


def test_words_for_numbers() -> None:
    assert [count(number, "step") for number in range(3)] == ["no steps", "1 step", "2 steps"]
    assert [seconds(value) for value in (None, 0.0123, 1.236, 185, 7800)] == [
        "",
        "12 ms",
        "1.24 s",
        "3 min 5 s",
        "2 h 10 min",
    ]
    assert moment(None) == ""
    assert len(moment(datetime.now(UTC))) == 8
    assert moment("2001-02-03T04:05:06+00:00").startswith("2001-02-0")
    assert compact({"a": "x" * 50}, 20) == '{"a": "xxxxxxxxxxxx…'


def test_errors_in_words() -> None:
    issues = (Issue(field="a", message="`a` is missing", line=3), Issue(field="b", message="bad"))
    assert describe(SetupError("wrong", hint="mend", issues=issues)) == (
        "wrong\n  `a` is missing (line 3)\n  bad",
        "mend",
    )
    assert describe(CodecError("no key", code="key_unknown", hint="find it")) == (
        "no key",
        "find it",
    )
    group = ExceptionGroup("several", [SetupError("first"), ValueError("second")])
    assert describe(group) == ("first", None)
    assert describe(FileNotFoundError(2, "No such file", "x.py")) == ("`x.py`: No such file", None)
    assert describe(ValueError("a defect")) is None


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ({"kind": "run.started", "message": "api:ask"}, "orders 9f3a2c1b ▶ started by api:ask"),
        ({"kind": "run.completed", "fields": {"seconds": 1.5}}, "✓ completed in 1.50 s"),
        (
            {"kind": "run.failed", "message": "no card", "level": "error"},
            "✗ failed: no card",
        ),
        (
            {
                "kind": "delivery.completed",
                "step": "pay",
                "attempt": 2,
                "fields": {"emitted": ["a", "b"]},
            },
            "✓ pay attempt 2, emitted a, b",
        ),
        ({"kind": "delivery.failed", "step": "pay", "attempt": 1, "message": "no"}, "✗ pay: no"),
        ({"kind": "delivery.failed", "step": "pay"}, "✗ no attempts left for pay"),
        ({"kind": "delivery.held", "step": "pay"}, "‖ held for an operator: pay"),
        ({"kind": "log", "step": "pay", "message": "hi", "fields": {"n": 1}}, "pay  hi  n=1"),
        ({"kind": "something.new", "step": "pay"}, "something.new pay"),
    ],
)
def test_a_line_for_an_entry(entry: dict[str, object], shown: str) -> None:
    line = entry_line(
        JournalEntry(
            **{"project": "p", "at": 0.0, "flow": "orders", "run_id": "9f3a2c1b5e6d", **entry}  # type: ignore[arg-type]
        )
    )
    assert shown in line.plain
    assert "\n" not in line.plain


async def test_changes_are_seen_where_they_matter(tmp_path: Path) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / ".venv").mkdir()
    seen: list[set[Path]] = []

    async def collect() -> None:
        async for changed in file_changes(tmp_path):
            seen.append(changed)  # noqa: PERF401 - as they come

    collecting = asyncio.create_task(collect())

    async def change(path: Path, *, seen_as: Path | None) -> None:
        before = len(seen)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(before))
        for _ in range(100 if seen_as else 15):
            await asyncio.sleep(0.05)
            if seen_as and any(seen_as in batch for batch in seen[before:]):
                return
        assert seen_as is None, f"{path} was not seen: {seen}"
        assert seen[before:] == []

    await asyncio.sleep(0.5)
    settings = tmp_path / "wistro.yml"
    await change(settings, seen_as=settings)
    step = tmp_path / "steps" / "deep" / "a.step.py"
    step.parent.mkdir()
    await asyncio.sleep(0.5)
    await change(step, seen_as=step)
    await change(tmp_path / ".env", seen_as=tmp_path / ".env")
    await change(tmp_path / "wistro.yml.lock", seen_as=None)
    await change(tmp_path / ".venv" / "lib.py", seen_as=None)
    await change(tmp_path / "steps" / "__pycache__" / "a.pyc", seen_as=None)
    # A folder that is new is watched, too.
    (tmp_path / "shop").mkdir()
    await asyncio.sleep(1)
    module = tmp_path / "shop" / "prices.py"
    await change(module, seen_as=module)
    collecting.cancel()
    await asyncio.gather(collecting, return_exceptions=True)


async def test_a_supervised_process_hears_and_tells() -> None:
    ours, theirs = socket.socketpair()
    os.environ[CONTROL_VARIABLE] = str(theirs.detach())
    control = Control.inherited()
    assert control is not None
    assert CONTROL_VARIABLE not in os.environ
    assert Control.inherited() is None
    reloads: list[int] = []
    stop = asyncio.Event()

    async def reload() -> None:
        reloads.append(1)

    obeying = asyncio.create_task(control.obey(reload=reload, stop=stop))
    control.tell("ready", url="http://x")
    assert ours.recv(1000) == b'{"event": "ready", "url": "http://x"}\n'
    ours.sendall(b'{"do": "reload"}\n{"do": "nothing we know"}\n')
    while not reloads:
        await asyncio.sleep(0.01)
    ours.close()
    await asyncio.wait_for(stop.wait(), 5)
    await obeying
    control.tell("reloaded")  # nobody listens any more: that is no error


class Told:
    """Remembers what it is told of a child."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.crashes: list[tuple[int, float]] = []

    def printed(self, name: str, line: str) -> None:
        self.lines.append(line)

    def crashed(self, name: str, code: int, pause: float) -> None:
        self.crashes.append((code, pause))

    def refused(self, name: str, message: str, hint: str | None) -> None:
        self.lines.append(f"refused: {message}")


async def test_a_child_that_crashes_is_started_again_with_pauses() -> None:
    told = Told()
    child = Child("worker", Command.wistro("no-such-command"), told)
    child.start()
    while len(told.crashes) < 2:
        await asyncio.sleep(0.05)
    await child.stop(5)
    assert told.crashes == [(2, 0.5), (2, 1.0)]
    assert any("No such command" in line for line in told.lines)


async def test_a_process_that_does_not_end_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "wistro_cli.py").write_text(
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('x' * 2_000_000)\nprint('here', flush=True)\ntime.sleep(60)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    lines: list[str] = []
    process = await Process.spawn(Command.wistro(), say=lines.append, hear=lambda _: None)
    while "here" not in lines:
        await asyncio.sleep(0.05)
    assert any("bytes)" in line for line in lines)
    process.ask_reload()
    await process.stop(0.5)
    assert await process.wait() == -9


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=", ""),
        ("A=x # why", "x"),
        ("A=x#y", "x#y"),
        ("  export A = x y ", "x y"),
        ('A="x" # why', "x"),
        ('A="-----BEGIN\\nKEY-----\\n"', "-----BEGIN\nKEY-----\n"),
        ('A="one\ntwo"', "one\ntwo"),
        ('A="C:\\dir \\"q\\""', 'C:\\dir "q"'),
        ("A='no\\n $ B'", "no\\n $ B"),
        ("A=it's", "it's"),
        ("\ufeffA=x\r", "x"),
    ],
)
def test_values_in_an_env_file(tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / ".env").write_text(f"{line}\nB=2\n", newline="")
    assert read_env_file(tmp_path) == {"A": value, "B": "2"}
