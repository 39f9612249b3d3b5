"""Which files of a project matter: the step files, and what a build is made of."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from wistro.project.appnames import APPS_FOLDER

SOURCE_FOLDERS = ("src", "steps")
"""Where step files are looked for, in a project and in each of its apps."""
PYTHON_STEPS = ("*.step.py", "*_step.py")
"""How a Python step file is called."""
NODE_STEPS = (*(f"*.step.{kind}" for kind in ("ts", "js", "mjs", "cjs")), "*_step.[jt]s")
"""How a step file in TypeScript or JavaScript is called; `.tsx` beside one is how Motia draws it."""
GO_STEPS = ("*.step.go",)
"""How a Go step file is called."""
ALL_STEPS = (*PYTHON_STEPS, *NODE_STEPS, *GO_STEPS)
"""How a step file in any language is called."""
PYTHON_STREAMS = ("*.stream.py", "*_stream.py")
"""How a Python stream file is called."""
NODE_STREAMS = ("*.stream.[jt]s", "*_stream.ts")
"""How a stream file in TypeScript or JavaScript is called."""

_NOT_OURS = frozenset({"__pycache__", "node_modules", "site-packages", "venv"})


def find_step_files(root: Path, patterns: Sequence[str] = PYTHON_STEPS) -> tuple[Path, ...]:
    """The files called so below the source folders, in the order of their paths."""
    found = (
        path
        for folder in source_folders(root)
        for path in walk(folder)
        if any(fnmatch(path.name, pattern) for pattern in patterns)
    )
    return tuple(sorted(found, key=lambda path: path.relative_to(root).as_posix()))


def source_folders(root: Path) -> tuple[Path, ...]:
    """Where the step files of the project at `root` may be: its own folders, and those of its apps."""
    owners = (root, *folders_of(root / APPS_FOLDER))
    return tuple(owner / folder for owner in owners for folder in SOURCE_FOLDERS)


def folders_of(place: Path) -> tuple[Path, ...]:
    """The folders in `place` that may be somebody's sources, in the order of their names."""
    if not place.is_dir():
        return ()
    return tuple(sorted(e for e in place.iterdir() if e.is_dir() and _is_ours(e.name)))


def step_id(path: str | Path) -> str:
    """The id that a step file gives its step: its stem, without what marks it as one."""
    stem = re.sub(r"[._]step$", "", Path(path).stem)
    return re.sub(r"[^A-Za-z0-9._-]+", "_", stem).lstrip("._-") or "step"


def walk(folder: Path) -> Iterator[Path]:
    """Every file below `folder`, without hidden folders, installed packages and caches."""
    for current, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_ours(name))
        yield from (Path(current, name) for name in sorted(names))


def is_own(path: Path, root: Path) -> bool:
    """Whether `path` is a file of the project, rather than of a package installed below it."""
    if not path.is_relative_to(root):
        return False
    parts = path.relative_to(root).parts
    return all(_is_ours(part) for part in parts)


def _is_ours(name: str) -> bool:
    return name not in _NOT_OURS and not name.startswith(".")


def file_hash(path: Path) -> str:
    """The SHA-256 of a file's content; of nothing when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return hashlib.sha256().hexdigest()


def hash_files(root: Path, paths: Sequence[Path]) -> str:
    """One hash over names and contents; the same whatever the order of `paths`."""
    entries = sorted((os.path.relpath(path, root), file_hash(path)) for path in set(paths))
    lines = "".join(f"{content} {Path(name).as_posix()}\n" for name, content in entries)
    return hashlib.sha256(lines.encode()).hexdigest()
