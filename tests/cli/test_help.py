"""Every command says what it is for, with examples, at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from tests.cli.command import wistro
from wistro_cli.main import app


def commands() -> Iterator[tuple[str, ...]]:
    yield ()
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", {})
        yield (name,)
        yield from ((name, sub) for sub in inner)


def test_the_commands_are_those_that_users_know() -> None:
    assert {" ".join(path) for path in commands()} == {
        "",
        "access",
        "access create",
        "access list",
        "access revoke",
        "answers",
        "answers list",
        "answers redeliver",
        "answers show",
        "apps",
        "apps install",
        "apps list",
        "apps remove",
        "apps show",
        "audit",
        "call",
        "calls",
        "calls cancel",
        "calls list",
        "check",
        "dev",
        "doctor",
        "emit",
        "inbox",
        "inbox answer",
        "inbox comment",
        "inbox link",
        "inbox list",
        "inbox reassign",
        "inbox show",
        "keys",
        "keys activate",
        "keys export",
        "keys list",
        "keys rotate",
        "lock",
        "new",
        "replay",
        "runs",
        "runs cancel",
        "runs fork",
        "runs list",
        "runs logs",
        "runs release",
        "runs retry",
        "runs show",
        "runs skip",
        "schedules",
        "schedules backfill",
        "schedules list",
        "schedules pause",
        "schedules resume",
        "schedules trigger",
        "start",
        "state",
        "state delete",
        "state get",
        "state groups",
        "state list",
        "state set",
        "types",
    }


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_help_has_a_sentence_and_examples(path: tuple[str, ...]) -> None:
    command = get_command(app)
    for name in path:
        command = command.commands[name]  # type: ignore[attr-defined]
    text = (command.help or "").strip()
    assert text.split("\n")[0].endswith((".", "wrong.")), text
    if not getattr(command, "commands", {}) or not path:
        assert "Examples" in (command.epilog or "")
        assert f"wistro {' '.join(path)}".strip() in (command.epilog or "")


@pytest.mark.parametrize("path", [(), ("runs",), ("runs", "list"), ("dev",)], ids=" ".join)
def test_help_is_printed(path: tuple[str, ...], tmp_path: Path) -> None:
    shown = wistro(*path, "--help", cwd=tmp_path).ok()
    assert "Usage: wistro" in shown.out
    assert shown.err == ""
    if path != ("runs",):
        assert "Examples" in shown.out


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys, wistro_cli.main as m; m.run(['--help']); "
        "print(sorted({'temporalio', 'fastapi', 'httpx', 'cryptography', 'watchfiles', 'yaml'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_version(tmp_path: Path) -> None:
    assert wistro("--version", cwd=tmp_path).ok().out.startswith("wistro")
