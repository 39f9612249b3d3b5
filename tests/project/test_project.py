"""A project as the tools open it."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

import wistro
from tests.project.writing import api, write_project
from wistro.errors import SetupError
from wistro.project import Project, process
from wistro.project.files import hash_files
from wistro_worker.modules import unload


def test_open_takes_a_folder_or_its_settings_file(tmp_path: Path) -> None:
    write_project(tmp_path, {"wistro.yml": "project: shop", "steps/a.step.py": api("Start")})
    for path in (tmp_path, tmp_path / "wistro.yml", str(tmp_path)):
        project = Project.open(path)
        assert (project.root, project.settings.project) == (tmp_path, "shop")
    assert project.settings_path == tmp_path / "wistro.yml"
    assert project.compile().ok


def test_open_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="there is no folder"):
        Project.open(tmp_path / "absent")


def test_being_interrupted_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path, {"steps/a.step.py": "import time\ntime.sleep(60)"})
    started: list[subprocess.Popen[bytes]] = []

    class Interrupted(subprocess.Popen[bytes]):
        def communicate(
            self, input: bytes | None = None, timeout: float | None = None
        ) -> tuple[bytes, bytes]:
            started.append(self)
            raise KeyboardInterrupt

    monkeypatch.setattr(process.subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        Project.open(tmp_path).discover()
    (run,) = started
    assert run.returncode == -signal.SIGKILL
    for pipe in (run.stdout, run.stderr):
        assert pipe
        pipe.close()


def test_a_file_that_is_gone_has_a_hash(tmp_path: Path) -> None:
    assert hash_files(tmp_path, [tmp_path / "gone"]) != hash_files(tmp_path, [])


def test_public_names_are_there_and_nothing_else_is() -> None:
    assert all(getattr(wistro, name) for name in wistro.__all__)
    assert dir(wistro) == list(wistro.__all__) == sorted(wistro.__all__)
    with pytest.raises(AttributeError, match="no attribute `Nonsense`"):
        _ = wistro.Nonsense  # pyright: ignore[reportAttributeAccessIssue]


def test_unloading_survives_odd_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import ModuleType

    class Odd(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise RuntimeError(name)

    odd = Odd("odd")
    del odd.__dict__["__spec__"]
    monkeypatch.setitem(sys.modules, "odd_module_of_a_test", odd)
    unload(tmp_path)
    assert sys.modules["odd_module_of_a_test"] is odd
