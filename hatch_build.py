"""Puts the sources of the workers in other languages into the wheel.

They are built where they are used: `wistro.project.workersources` finds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("typescript", "go")
NOT_SOURCES = {"dist", "node_modules", "test", "tests", "testdata"}


class WorkerSources(BuildHookInterface):
    """Adds `workers/<folder>` as `wistro/_workers/<folder>`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """See hatchling. An editable installation uses the checkout's own."""
        if version == "editable":
            return
        workers = Path(self.root, "workers")
        for folder in FOLDERS:
            for path in sources(workers / folder):
                target = f"wistro/_workers/{path.relative_to(workers).as_posix()}"
                build_data["force_include"][str(path)] = target


def sources(folder: Path) -> Iterator[Path]:
    """The files below `folder`, without what is built from them and what tests them."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in NOT_SOURCES and not path.name.startswith("."):
                yield from sources(path)
        elif not path.name.endswith("_test.go"):
            yield path
