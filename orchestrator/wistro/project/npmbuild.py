"""Builds what is written in TypeScript, where its sources are newer than what was built from them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wistro.errors import SetupError
from wistro.project.workersources import build_lock, newest_source
from wistro.usercache import Progress, one_at_a_time


@dataclass(frozen=True, kw_only=True)
class NpmBuild:
    """A folder with a `package.json` whose script `build` fills `output`."""

    sources: Path
    output: Path
    title: str
    """What people call it: `the workbench`."""

    @property
    def is_current(self) -> bool:
        """Whether nothing has changed since it was built."""
        return _changed(self._marker) >= newest_source(self.sources)

    def run(self, say: Progress) -> None:
        """Install what it needs and build it, unless it is current.

        Raises:
            SetupError: npm is missing, or fails.
        """
        if self.is_current:
            return
        waiting = f"waiting for another process that builds {self.title}"
        with one_at_a_time(build_lock(self.sources), waiting, say):
            installed = self.sources / "node_modules" / ".package-lock.json"
            if _changed(installed) < _changed(self.sources / "package-lock.json"):
                say(f"installing what {self.title} needs; this takes a minute, once")
                run_tool(["npm", "ci", "--include=dev", "--no-audit", "--no-fund"], self.sources)
                installed.touch()
            if not self.is_current:
                say(f"compiling {self.title}")
                newest = newest_source(self.sources)
                run_tool(["npm", "run", "build"], self.sources)
                # As old as what was compiled: a source that is saved meanwhile is newer.
                self._marker.touch()
                os.utime(self._marker, ns=(newest, newest))

    @property
    def _marker(self) -> Path:
        return self.output / ".built"


def run_tool(command: Sequence[str], folder: Path) -> None:
    """Run a compiler or a package manager in `folder`.

    Raises:
        SetupError: it fails; the error has its last words.
    """
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise SetupError(
            f"`{command[0]}` does not run: {error}", code="toolchain_broken", hint="install it anew"
        ) from error
    if done.returncode != 0:
        # Compilers complain on stdout, npm itself on stderr.
        words = f"{done.stderr.strip()}\n{done.stdout.strip()}".strip().splitlines()
        raise SetupError(
            f"`{' '.join(command)}` failed in `{folder}`:\n" + "\n".join(words[-12:]),
            code="worker_build_failed",
            hint="run it there to see all that it says",
        )


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0
