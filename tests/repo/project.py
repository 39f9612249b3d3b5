"""What the repository's own tests read."""

from __future__ import annotations

import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = {
    "wistro": ROOT / "orchestrator/wistro",
    "wistro_cli": ROOT / "orchestrator/wistro_cli",
    "wistro_codec": ROOT / "codec/wistro_codec",
    "wistro_triggers": ROOT / "triggers/wistro_triggers",
    "wistro_worker": ROOT / "workers/python/wistro_worker",
}


@cache
def pyproject() -> dict[str, Any]:
    """The parsed `pyproject.toml`."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file that git tracks, and every new one that it does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    paths = (ROOT / name for name in done.stdout.decode().split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


@cache
def sources() -> tuple[Path, ...]:
    """The Python files of the distribution; templates of new projects are data."""
    found = (path for folder in PACKAGES.values() for path in folder.rglob("*.py"))
    return tuple(sorted(path for path in found if "templates" not in path.parts))


def name(path: Path) -> str:
    """A path as messages show it."""
    return path.relative_to(ROOT).as_posix()
