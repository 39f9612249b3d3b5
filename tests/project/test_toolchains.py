"""Node and Go: what is found on a machine, and how their workers are made ready."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wistro.errors import SetupError
from wistro.project import prepare, toolchains
from wistro.project.toolchains import GO, NODE, Toolchain

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Puts programs of our own on a PATH that has nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def write(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.mark.parametrize("toolchain", [NODE, GO])
def test_those_of_this_machine(toolchain: Toolchain) -> None:
    program = toolchain.find()
    assert toolchain.version(program) >= toolchain.least
    assert toolchain.least > (1, 20)
    assert (toolchain.sources / "README.md").exists() or toolchain is NODE
    assert toolchain.fingerprint() == toolchain.fingerprint()


@pytest.mark.parametrize(("toolchain", "language"), [(NODE, "node"), (GO, "go")])
def test_what_is_missing_or_too_old(
    program: Callable[[str, str], Path], toolchain: Toolchain, language: str
) -> None:
    with pytest.raises(SetupError, match=f"there is no `{language}` on the PATH") as missing:
        toolchain.find()
    assert missing.value.code == f"no_{language}"
    assert missing.value.hint
    path = program(language, "echo v1.2.3 go1.2.3")
    with pytest.raises(SetupError, match=rf"or newer, found 1\.2 at `{path}`") as old:
        toolchain.find()
    assert old.value.code == f"old_{language}"
    program(language, "exit 1")
    os.utime(path, (0, 0))
    with pytest.raises(SetupError, match="does not run"):
        toolchain.find()


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Node worker without packages, whose build notes that it ran."""
    folder = tmp_path / "worker"
    (folder / "src").mkdir(parents=True)
    (folder / "src/main.ts").touch()
    package = {
        "name": "worker",
        "version": "1.0.0",
        "engines": {"node": ">=18.0"},
        "scripts": {
            "build": "node -e \"fs.mkdirSync('dist',{recursive:true});"
            "fs.appendFileSync('dist/builds','x')\""
        },
    }
    (folder / "package.json").write_text(json.dumps(package))
    locked = {"name": "worker", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {}}}
    (folder / "package-lock.json").write_text(json.dumps(locked))
    monkeypatch.setattr(toolchains, "worker_sources", lambda _: folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (folder / "node_modules").mkdir()
    return folder


def test_a_worker_is_built_once_and_when_its_sources_changed(worker: Path) -> None:
    said: list[str] = []
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(lambda _: NODE.ready(said.append), range(3))) == [worker] * 3
    builds = worker / "dist/builds"
    assert builds.read_text() == "x"
    assert said.count("compiling the Node worker") == 1
    NODE.ready()
    assert builds.read_text() == "x"
    before = NODE.fingerprint()
    later = (worker / "dist/.built").stat().st_mtime + 5
    os.utime(worker / "src/main.ts", (later, later))
    assert NODE.fingerprint() != before
    NODE.ready()
    NODE.ready()
    assert builds.read_text() == "xx"


def test_a_build_that_fails(worker: Path) -> None:
    package = (worker / "package.json").read_text()
    (worker / "package.json").write_text(package.replace("fs.append", "nothing.append"))
    with pytest.raises(SetupError, match="`npm run build` failed") as caught:
        NODE.ready()
    assert caught.value.code == "worker_build_failed"
    assert "ReferenceError" in caught.value.message


def test_without_npm(
    worker: Path, program: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    program("node", "echo v20.6.0")
    with pytest.raises(SetupError, match="`npm` does not run"):
        NODE.ready()


def test_preparing_skips_what_is_not_there(
    program: Callable[[str, str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare.main() == 0
    said = capsys.readouterr().err
    assert "skipped: TypeScript and JavaScript steps need Node.js" in said
    assert "skipped: Go steps need Go" in said


def test_the_wheel_carries_the_workers(tmp_path: Path) -> None:
    wheels, site = tmp_path / "wheels", tmp_path / "site"
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(wheels), str(REPOSITORY)], check=True)
    [wheel] = wheels.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(site)
    carried = [name for name in names if name.startswith("wistro/_workers/")]
    assert {
        "wistro/_workers/typescript/package-lock.json",
        "wistro/_workers/typescript/.npmrc",
        "wistro/_workers/typescript/src/worker/main.ts",
        "wistro/_workers/go/go.sum",
        "wistro/_workers/go/cmd/wistro-go/main.go",
    } <= set(carried)
    left_out = ("node_modules", "/dist/", "/tests/", "_test.go")
    assert not [name for name in carried if any(part in name for part in left_out)]
    # Installed packages may be read-only: the worker is built in a copy.
    script = (
        "from wistro.project.workersources import worker_sources;"
        "print(worker_sources('go')); print(worker_sources('go'))"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": str(site),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = done.stdout.split()
    assert first == second
    assert Path(first).is_relative_to(tmp_path / "cache")
    assert (Path(first) / "go.mod").is_file()


def test_an_installation_without_workers(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(REPOSITORY / "orchestrator/wistro", site / "wistro")
    done = subprocess.run(
        [sys.executable, "-c", "from wistro.project.toolchains import GO; GO.sources"],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "this installation of Wistro lacks the worker `go`" in done.stderr
