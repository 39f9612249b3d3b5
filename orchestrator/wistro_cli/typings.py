"""`types.d.ts`: what a project's topics, streams and handlers are, for the TypeScript compiler."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from wistro.errors import SetupError
from wistro.project import Lock
from wistro.project.toolchains import NODE
from wistro.usercache import Progress, silent

TYPES = "types.d.ts"
_HEADER = "// Written by `wistro types`."


def write_types(root: Path, lock: Lock, *, check: bool = False, say: Progress = silent) -> bool:
    """Write the types of the project at `root`; says whether the file has changed.

    Args:
        root: The project's folder.
        lock: The compiled project.
        check: Write nothing.
        say: Told what takes its time.

    Raises:
        SetupError: Node is missing, or the file is somebody else's; with `check`, it is stale.
    """
    path = root / TYPES
    before = path.read_text(encoding="utf-8") if path.is_file() else None
    text = _render(lock, say)
    if before == text:
        return False
    if check:
        raise SetupError(
            f"`{TYPES}` is stale: the project has changed since it was written",
            code="stale_types",
            hint="run `wistro types`, and commit what it writes",
            file=TYPES,
        )
    path.write_text(text, encoding="utf-8")
    return True


def has_types(root: Path) -> bool:
    """Whether the project has a file of ours, to be kept up to date."""
    path = root / TYPES
    return path.is_file() and path.read_text(encoding="utf-8").startswith(_HEADER)


def _render(lock: Lock, say: Progress) -> str:
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder, "lock.json")
        document.write_text(lock.model_dump_json(), encoding="utf-8")
        command = [*NODE.types(say), "--input", str(document)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetupError(
            f"the types cannot be written: {done.stderr.strip() or 'the generator failed'}",
            code="types_failed",
        )
    return done.stdout
