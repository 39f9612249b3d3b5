"""The sources of the workers in other languages: those of a checkout, or a copy of what the wheel carries."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import wistro
from wistro.errors import SetupError
from wistro.project.files import walk
from wistro.usercache import cache_folder, one_at_a_time

_PACKAGE = Path(wistro.__file__).parent
_CHECKOUT = _PACKAGE.parents[1] / "workers"
CARRIED = _PACKAGE / "_workers"
"""Where the wheel has them."""
_NOT_SOURCES = frozenset({"dist", "node_modules", "test", "tests"})
"""Folders of what is made from the sources, and of what only tests them."""


def worker_sources(folder: str) -> Path:
    """Where the worker of `workers/<folder>` can be built.

    Raises:
        SetupError: this installation has no sources of it.
    """
    if (checkout := _CHECKOUT / folder).is_dir():
        return checkout
    carried = CARRIED / folder
    if not carried.is_dir():
        raise SetupError(
            f"this installation of Wistro lacks the worker `{folder}`",
            code="no_worker_sources",
            hint="install Wistro from its wheel or from a checkout",
        )
    return _copied(carried)


def sources_of(worker: Path) -> Iterator[Path]:
    """The files below `worker` that it is made of."""
    for entry in sorted(worker.iterdir()):
        if entry.is_file():
            yield entry
        elif entry.name not in _NOT_SOURCES and not entry.name.startswith("."):
            yield from walk(entry)


def build_lock(worker: Path) -> Path:
    """The file that whoever builds in the folder `worker` locks."""
    return cache_folder() / "locks" / sha256(str(worker).encode()).hexdigest()[:16]


def newest_source(worker: Path) -> int:
    """When a source of the worker changed last, in nanoseconds."""
    return max(path.stat().st_mtime_ns for path in sources_of(worker))


def _copied(carried: Path) -> Path:
    """A copy that can be built in: the place where packages are installed may be read-only."""
    home = cache_folder() / f"workers-{version('wistro')}"
    copy = home / carried.name
    with one_at_a_time(build_lock(copy), "waiting for a worker to be unpacked"):
        if copy.is_dir() and newest_source(copy) >= newest_source(carried):
            return copy
        for path in sources_of(carried):
            target = copy / path.relative_to(carried)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    return copy
