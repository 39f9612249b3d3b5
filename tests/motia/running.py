"""A project of this suite under `wistro dev`, and what tests look at: answers, runs, state, log."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.cli.command import Running, running, wistro

PROJECTS = Path(__file__).with_name("projects")
NODE_MODULES = Path(__file__).parents[2] / "workers" / "typescript" / "node_modules"

Found = TypeVar("Found")


@dataclass(frozen=True)
class Motia:
    """A project that runs."""

    root: Path
    url: str
    command: Running

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask one of its endpoints."""
        return httpx.request(method, self.url + path, timeout=30, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, body: object = None, **options: Any) -> httpx.Response:
        """POST with a body of JSON."""
        return self.request("POST", path, json=body, **options)

    def logged(self, message: str, **fields: object) -> dict[str, Any]:
        """The log line, once it is there."""
        return self.command.wait_for("log", message=message, **fields)

    def ended(self, run_id: str, kind: str = "run.completed") -> dict[str, Any]:
        """The end of a run, once it is there."""
        return self.command.wait_for(kind, run_id=run_id)

    def runs(self) -> set[str]:
        """The runs that have started so far."""
        return {
            line["run_id"] for line in self.command.documents() if line["kind"] == "run.started"
        }

    def eventually(self, path: str, wanted: Callable[[Any], Found | None], **options: Any) -> Found:
        """What `wanted` makes of the answer of a GET, once that is something."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            answer = self.get(path, **options)
            if answer.status_code == 200 and (found := wanted(answer.json())):
                return found
            time.sleep(0.1)
        raise AssertionError(f"`{path}` never said so\n{self.command.story()}")


def copy_project(name: str, folder: Path) -> Path:
    """A project of this suite in a folder of its own, with the zod that its package.json asks for."""
    root = Path(shutil.copytree(PROJECTS / name, folder / name))
    package = json.loads((root / "package.json").read_text())
    asked = package["dependencies"].get("zod")
    if asked is not None:
        (root / "node_modules").mkdir()
        installed = "zod3" if asked.startswith("^3") else "zod"
        (root / "node_modules" / "zod").symlink_to(NODE_MODULES / installed)
    return root


def findings(root: Path) -> dict[str, Any]:
    """What `wistro check` says of the project."""
    return wistro("check", "--json", cwd=root, timeout=180).json()


@contextmanager
def motia(root: Path, env: Mapping[str, str]) -> Iterator[Motia]:
    """Run the project at `root` while the context is open."""
    with running("dev", "--json", "--port", "0", "--drain", "1", cwd=root, env=env) as command:
        places = command.wait_for("dev.running", timeout=180)
        yield Motia(root, places["api"], command)
