"""Discovery: a process of its own, what it survives, and what it remembers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.project.writing import write_project
from wistro.errors import SetupError
from wistro.project import discoverers, discovery, process
from wistro.project.descriptor import Discovered
from wistro.project.discovery import discover

GOOD = "print('hello')\nconfig = {'type': 'noop', 'name': 'Good'}\n"


def test_the_document_is_all_there_is_on_stdout(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {"steps/a.step.py": "import os\nos.write(1, b'raw')\nos.system('echo shell')\n" + GOOD},
    )
    done = subprocess.run(
        [sys.executable, "-m", "wistro_worker.discover", str(tmp_path)],
        capture_output=True,
        check=True,
    )
    document = json.loads(done.stdout)
    assert document["version"] == 1
    assert [step["id"] for step in document["steps"]] == ["a"]
    assert all(word in done.stderr for word in (b"hello", b"raw", b"shell"))


def test_a_file_that_takes_the_process_down_is_named_and_the_rest_go_on(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "steps/a.step.py": GOOD,
            "steps/b_exits.step.py": "import os\nos._exit(0)",
            "steps/c_dies.step.py": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
            "steps/d_fails.step.py": "1 / 0",
            "steps/e.step.py": GOOD,
        },
    )
    found = discover(tmp_path)
    assert [step.id for step in found.steps] == ["a", "e"]
    errors = {error.path: error for error in found.errors}
    assert "ended with the exit code 0" in errors["steps/b_exits.step.py"].error
    assert "was killed by SIGKILL" in errors["steps/c_dies.step.py"].error
    assert errors["steps/d_fails.step.py"].line == 1


def test_a_loop_is_bounded(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "steps/a_loop.step.py": "try:\n    while True: pass\nexcept Exception: pass",
            "steps/b.step.py": GOOD,
        },
    )
    done = subprocess.run(
        [sys.executable, "-m", "wistro_worker.discover", str(tmp_path), "--limit", "0.5"],
        capture_output=True,
        check=True,
    )
    found = Discovered.model_validate_json(done.stdout)
    assert [step.id for step in found.steps] == ["b"]
    assert "still loading after 0.5 s" in found.errors[0].error
    assert found.errors[0].line == 2


def test_what_cannot_be_interrupted_is_killed_with_its_children(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "steps/a_sleeps.step.py": "import subprocess\nsubprocess.run(['sleep', '60'])",
            "steps/b.step.py": GOOD,
        },
    )
    started = time.monotonic()
    found = discover(tmp_path, limit=3)
    assert time.monotonic() - started < 30
    assert [step.id for step in found.steps] == ["b"]
    assert "was stopped after 3 s" in found.errors[0].error


def test_nothing_changed_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path, {"steps/a.step.py": GOOD, "shared.py": ""})
    first = discover(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(process.subprocess, "Popen", None)
        assert discover(tmp_path) == first
        for changed in ("steps/a.step.py", "shared.py", "steps/letter.txt"):
            write_project(tmp_path, {changed: GOOD + "# changed"})
            with pytest.raises(TypeError):
                discover(tmp_path)
    assert discover(tmp_path).steps[0].hash != first.steps[0].hash
    monkeypatch.setattr(process.subprocess, "Popen", None)
    discover(tmp_path)


def test_errors_are_not_remembered(tmp_path: Path) -> None:
    write_project(tmp_path, {"steps/a.step.py": "import sys\nsys.exit()"})
    discover(tmp_path)
    assert not (tmp_path / ".wistro" / "cache").exists()


def test_a_damaged_cache_is_written_again(tmp_path: Path) -> None:
    write_project(tmp_path, {"steps/a.step.py": GOOD})
    discover(tmp_path)
    cache = tmp_path / ".wistro/cache/discovery-python.json"
    cache.write_text("{")
    assert discover(tmp_path).steps
    assert cache.read_text() != "{"


def test_no_step_files_start_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.subprocess, "Popen", None)
    write_project(
        tmp_path,
        {
            "src/node_modules/x.step.py": "1/0",
            "src/.hidden/x.step.py": "1/0",
            "other/x.step.py": "1/0",
        },
    )
    assert discover(tmp_path) == Discovered()


def test_a_user_file_cannot_shadow_the_standard_library(tmp_path: Path) -> None:
    write_project(tmp_path, {"steps/a.step.py": GOOD, "json.py": "1 / 0", "typing.py": "1 / 0"})
    assert [step.id for step in discover(tmp_path).steps] == ["a"]


def test_a_discoverer_of_another_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path, {"steps/a.step.py": GOOD})
    python = discoverers.PYTHON
    for command, message in (
        ((sys.executable, "-c", "print('{}x')"), "printed no document of version 1"),
        ((sys.executable, "-c", "raise SystemExit('went wrong')"), "exit code 1"),
    ):
        monkeypatch.setattr(
            discovery,
            "DISCOVERERS",
            (replace(python, command=lambda _, command=command: command),),
        )
        with pytest.raises(SetupError, match=message) as caught:
            discover(tmp_path, cache=False)
        assert caught.value.code == "discovery_failed"
    assert caught.value.hint == "it said: went wrong"
