"""Puts into what is published what is no Python: the built workbench, the sources of the workers.

Workers are built where they are used: `wistro.project.workersources` finds them.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGE = Path("triggers", "wistro_triggers", "_workbench")
WORKERS = ("typescript", "go")
NOT_SOURCES = {"dist", "node_modules", "test", "tests", "testdata"}


class NotPython(BuildHookInterface):
    """Builds the workbench, and adds `workers/<folder>` to wheels as `wistro/_workers/<folder>`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """See hatchling. An editable installation uses the checkout's own."""
        if version == "editable":
            return
        root = Path(self.root)
        # A source distribution carries the page.
        if not (root / "PKG-INFO").is_file():
            self._build_workbench(root / "workbench", root / PAGE / ".built")
        if self.target_name == "wheel":
            for folder in WORKERS:
                for path in sources(root / "workers" / folder):
                    target = f"wistro/_workers/{path.relative_to(root / 'workers').as_posix()}"
                    build_data["force_include"][str(path)] = target

    def _build_workbench(self, folder: Path, marker: Path) -> None:
        if modified(marker) >= max(map(modified, sources(folder))):
            return
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit(
                "The workbench has to be built, and there is no `npm` on the PATH. "
                "hint: install Node.js, or install Wistro from its wheel."
            )
        self.app.display_info("Building the workbench")
        for command in ("ci", "--include=dev", "--no-audit", "--no-fund"), ("run", "build"):
            subprocess.run([npm, *command], cwd=folder, check=True)
        marker.touch()


def modified(path: Path) -> int:
    """When a file changed last, in nanoseconds; 0 of one that is not there."""
    return path.stat().st_mtime_ns if path.exists() else 0


def sources(folder: Path) -> Iterator[Path]:
    """The files below `folder`, without what is built from them and what tests them."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in NOT_SOURCES and not path.name.startswith("."):
                yield from sources(path)
        elif not path.name.endswith("_test.go"):
            yield path
