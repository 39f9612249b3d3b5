"""Writes projects for tests, and compiles them in this process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from wistro.project import Compiled, Project
from wistro.project.checks import Finding
from wistro.project.descriptor import Discovered
from wistro_worker.discover import discover
from wistro_worker.modules import unload

FIXTURES = Path(__file__).with_name("fixtures")


def write_project(root: Path, files: Mapping[str, str]) -> Path:
    """Write files below `root`, each from indented text."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return root


@dataclass(frozen=True)
class _Here(Project):
    """A project whose steps are discovered in this process: what the checks say is what counts."""

    def discover(self, *, limit: float = 0, cache: bool = False) -> Discovered:
        try:
            return discover(self.root)
        finally:
            unload(self.root)


def compile_here(root: Path) -> Compiled:
    """Compile the project at `root` without starting a process."""
    project = Project.open(root)
    return _Here(project.root, project.settings, project.apps).compile()


def findings(root: Path) -> list[Finding]:
    """What the checks say of the project at `root`, whose step files all load."""
    compiled = compile_here(root)
    assert compiled.errors == ()
    return list(compiled.findings)


def event(name: str, subscribes: str, **more: object) -> str:
    """The text of a step file: an event step."""
    fields = "".join(f", {key}={value!r}" for key, value in more.items())
    return (
        f"from wistro import *\nconfig = EventStep(name={name!r}, subscribes={[subscribes]!r}{fields})\n"
        "def handler(message, ctx): ...\n"
    )


def api(name: str, path: str = "/start", **more: object) -> str:
    """The text of a step file: an api step."""
    fields = "".join(f", {key}={value!r}" for key, value in more.items())
    return (
        f"from wistro import *\nconfig = ApiStep(name={name!r}, path={path!r}, "
        f"method='POST'{fields})\ndef handler(request, ctx): ...\n"
    )
