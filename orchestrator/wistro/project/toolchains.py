"""Node and Go: found on this machine, and the workers that run a project's steps with them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

from wistro.errors import SetupError
from wistro.project.declared import ForeignLanguage
from wistro.project.npmbuild import NpmBuild, run_tool
from wistro.project.workersources import newest_source, worker_sources
from wistro.usercache import Progress, silent

Version = tuple[int, ...]


class Toolchain(ABC):
    """What runs the steps of a language."""

    language: ClassVar[ForeignLanguage]
    title: ClassVar[str]
    """What people call the program."""
    steps: ClassVar[str]
    """What people call the steps."""
    program: ClassVar[str]
    download: ClassVar[str]
    """How to get the program."""
    _folder: ClassVar[str]
    _ask_version: ClassVar[tuple[str, ...]]

    def find(self) -> Path:
        """The program.

        Raises:
            SetupError: it is not installed, or too old.
        """
        found = shutil.which(self.program)
        least = ".".join(map(str, self.least))
        if found is None:
            raise SetupError(
                f"{self.steps} steps need {self.title} {least} or newer, and there is no "
                f"`{self.program}` on the PATH",
                code=f"no_{self.language}",
                hint=self.download,
            )
        version = self.version(Path(found))
        if version < self.least:
            raise SetupError(
                f"{self.steps} steps need {self.title} {least} or newer, found "
                f"{'.'.join(map(str, version))} at `{found}`",
                code=f"old_{self.language}",
                hint=self.download,
            )
        return Path(found)

    def version(self, program: Path) -> Version:
        """The version of `program`."""
        changed = program.stat().st_mtime_ns
        return _version((str(program), *self._ask_version), changed)

    @property
    def sources(self) -> Path:
        """The worker's sources, where it is built.

        Raises:
            SetupError: this installation has none.
        """
        return worker_sources(self._folder)

    @property
    @abstractmethod
    def least(self) -> Version:
        """The oldest version that the worker can be run with, as its sources say."""

    def ready(self, say: Progress = silent) -> Path:
        """Make the worker ready to be used; its folder.

        Raises:
            SetupError: the program is missing or too old, or building the worker failed.
        """
        _ = say
        self.find()
        return self.sources

    def prepare(self, say: Progress = silent) -> None:
        """Do ahead of time what the first project would have to wait for.

        Raises:
            SetupError: as `ready`.
        """
        self.ready(say)

    def fingerprint(self) -> str:
        """Changes with the program and with the worker; cheap, for both may be absent."""
        found = shutil.which(self.program)
        changed = Path(found).stat().st_mtime_ns if found else 0
        return f"{found} {changed} {newest_source(self.sources)}"

    @abstractmethod
    def discover(self, say: Progress = silent) -> tuple[str, ...]:
        """The command that prints what the step files of a project declare.

        Raises:
            SetupError: as `ready`.
        """

    @abstractmethod
    def serve(self, root: Path, say: Progress = silent) -> tuple[str, ...]:
        """The command of the worker of the project at `root`; `--manifest FILE` follows.

        Raises:
            SetupError: as `ready`, or the project's own code does not compile.
        """


class Node(Toolchain):
    """Node.js, for steps in TypeScript and JavaScript."""

    language = "node"
    title = "Node.js"
    steps = "TypeScript and JavaScript"
    program = "node"
    download = "install Node.js from https://nodejs.org, or with your system's package manager"
    _folder = "typescript"
    _ask_version = ("--version",)

    @property
    def least(self) -> Version:
        """As `engines` in its package.json says."""
        package = json.loads((self.sources / "package.json").read_text(encoding="utf-8"))
        return _numbers(package["engines"]["node"])

    def ready(self, say: Progress = silent) -> Path:
        """Install what the worker needs and compile it, where its sources are newer."""
        worker = super().ready(say)
        NpmBuild(sources=worker, output=worker / "dist", title="the Node worker").run(say)
        return worker

    def discover(self, say: Progress = silent) -> tuple[str, ...]:
        """See `Toolchain`."""
        return self._script("discover", say)

    def serve(self, root: Path, say: Progress = silent) -> tuple[str, ...]:
        """See `Toolchain`."""
        _ = root
        return (*self._script("worker", say), "serve")

    def types(self, say: Progress = silent) -> tuple[str, ...]:
        """The command that writes a project's types."""
        return self._script("types", say)

    def _script(self, name: str, say: Progress) -> tuple[str, ...]:
        return str(self.find()), str(self.ready(say) / "dist" / name / "main.js")


class Go(Toolchain):
    """Go, for steps in Go."""

    language = "go"
    title = "Go"
    steps = "Go"
    program = "go"
    download = "install Go from https://go.dev/dl"
    _folder = "go"
    _ask_version = ("env", "GOVERSION")

    @property
    def least(self) -> Version:
        """As its go.mod says."""
        match = re.search(r"^go (\S+)$", (self.sources / "go.mod").read_text("utf-8"), re.MULTILINE)
        return _numbers(match[1] if match else "")

    def prepare(self, say: Progress = silent) -> None:
        """Download and compile what the workers of all projects have in common."""
        worker = self.ready(say)
        say("compiling the Go worker (a minute the first time, a second later)")
        run_tool([str(self.find()), "build", "./..."], worker)

    def binary(self, root: Path) -> Path:
        """The worker of the project at `root`, with its steps compiled in."""
        return root / ".wistro" / "cache" / "go" / "worker"

    def discover(self, say: Progress = silent) -> tuple[str, ...]:
        """See `Toolchain`."""
        return self._tool("discover", say)

    def serve(self, root: Path, say: Progress = silent) -> tuple[str, ...]:
        """See `Toolchain`. Where Go is not installed, a binary that is there is used as it is."""
        binary = self.binary(root)
        if shutil.which(self.program) or not binary.is_file():
            if not binary.is_file():
                say("building the Go worker; the first time takes a minute")
            run_tool([*self._tool("build", say), str(root)], root)
        return str(binary), "serve"

    def _tool(self, command: str, say: Progress) -> tuple[str, ...]:
        worker = self.ready(say)
        return str(self.find()), "run", "-C", str(worker), "./cmd/wistro-go", command


NODE = Node()
GO = Go()
TOOLCHAINS: dict[ForeignLanguage, Toolchain] = {"node": NODE, "go": GO}


@cache
def _version(command: Sequence[str], _changed: int) -> Version:
    # Go would go by the `go.mod` around the working directory, and fetch another release.
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        done = subprocess.run(
            command,
            cwd="/",
            env=environment,
            capture_output=True,
            text=True,
            timeout=15,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SetupError(
            f"`{command[0]}` does not run: {error}", code="toolchain_broken", hint="install it anew"
        ) from error
    return _numbers(done.stdout)


def _numbers(text: str) -> Version:
    match = re.search(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)
