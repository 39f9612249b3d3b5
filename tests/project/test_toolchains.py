"""Node and Go: what is found on a machine, and how their workers are made ready."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from wistro.errors import SetupError
from wistro.project import discoverers, prepare, toolchains, workersources
from wistro.project.process import run_to_end
from wistro.project.toolchains import GO, NODE, Toolchain
from wistro.project.workersources import worker_sources

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


def installed_in(site: Path) -> dict[str, str]:
    """An environment where Wistro is installed elsewhere; what runs there is not measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    return kept | {"PYTHONPATH": str(site)}


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
    environment = installed_in(site) | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
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


def test_carried_sources_are_copied_where_they_can_be_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = tmp_path / "site/_workers"
    monkeypatch.setattr(workersources, "_CHECKOUT", tmp_path / "nowhere")
    monkeypatch.setattr(workersources, "CARRIED", carried)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(SetupError, match="lacks the worker `go`"):
        worker_sources("go")
    (carried / "go/internal").mkdir(parents=True)
    (carried / "go/tests").mkdir()
    (carried / "go/internal/a.go").write_text("package a")
    (carried / "go/tests/b.go").write_text("package b")
    copy = worker_sources("go")
    assert copy.is_relative_to(tmp_path / "cache")
    assert (copy / "internal/a.go").read_text() == "package a"
    assert not (copy / "tests").exists()
    (copy / "dist").mkdir()
    assert worker_sources("go") == copy
    later = (copy / "internal/a.go").stat().st_mtime + 5
    (carried / "go/internal/a.go").write_text("package newer")
    os.utime(carried / "go/internal/a.go", (later, later))
    assert (worker_sources("go") / "internal/a.go").read_text() == "package newer"


def test_what_discovery_depends_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python, node, go = (each.environment for each in discoverers.DISCOVERERS)
    before = (python(tmp_path), node(tmp_path), go(tmp_path))
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/.package-lock.json").touch()

    def unknown(_: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr(discoverers, "version", unknown)
    assert python(tmp_path).endswith(" source")
    assert python(tmp_path) != before[0]
    assert node(tmp_path) != before[1]
    assert go(tmp_path) == before[2]


def test_the_commands_of_the_workers(tmp_path: Path) -> None:
    assert NODE.discover()[-1].endswith("dist/discover/main.js")
    assert NODE.types()[-1].endswith("dist/types/main.js")
    assert NODE.serve(tmp_path)[1:] == (str(NODE.sources / "dist/worker/main.js"), "serve")
    assert GO.discover()[-2:] == ("./cmd/wistro-go", "discover")
    assert GO.binary(tmp_path).is_relative_to(tmp_path)


def test_a_binary_is_used_as_it_is_without_go(
    tmp_path: Path, program: Callable[[str, str], Path]
) -> None:
    with pytest.raises(SetupError, match="Go steps need Go"):
        GO.serve(tmp_path)
    GO.binary(tmp_path).parent.mkdir(parents=True)
    GO.binary(tmp_path).touch()
    assert GO.serve(tmp_path) == (str(GO.binary(tmp_path)), "serve")


def test_how_processes_end(tmp_path: Path) -> None:
    def story(script: str, limit: float = 30) -> str:
        command = [sys.executable, "-c", f"import os, signal, time; {script}"]
        return run_to_end(command, tmp_path, limit, lambda: False).story

    assert story("") == "ended with the exit code 0"
    assert story("os.kill(os.getpid(), signal.SIGTERM)") == "was killed by SIGTERM"
    assert story("os.kill(os.getpid(), 40)") == "was killed by signal 40"
    assert story("time.sleep(60)", 0.3) == "was stopped after 0.3 s"
    gone = run_to_end(["sleep", "60"], tmp_path, 60, lambda: True)
    assert gone.code == -9


def test_workers_are_prepared(capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare.main() == 0
    assert "skipped" not in capsys.readouterr().err


def test_a_worker_that_cannot_be_prepared(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = (worker / "package.json").read_text()
    (worker / "package.json").write_text(package.replace("fs.append", "nothing.append"))
    assert prepare.main() == 1
    assert "`npm run build` failed" in capsys.readouterr().err
