"""The text of a project's source files, for people who look at a step; of nothing else."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from wistro.errors import SetupError
from wistro.project.files import is_own

MAX_SOURCE = 512 * 1024
"""Bytes of a file that is shown."""
LANGUAGE_OF_SUFFIX = {
    ".py": "python",
    **dict.fromkeys((".ts", ".mts", ".cts", ".tsx"), "typescript"),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx"), "javascript"),
    ".go": "go",
}
"""What is source code; settings, data and keys are not shown."""


def read_source_text(root: Path, path: str) -> str:
    """The text of a source file of the project at `root`.

    Raises:
        SetupError: `source_refused`, it is no source file of the project; `source_missing`;
            `source_too_large`.
    """
    place = source_place(root, path)
    try:
        # One byte more than may be shown: a file that grows meanwhile is never read whole.
        with place.open("rb") as file:
            content = file.read(MAX_SOURCE + 1)
    except OSError as error:
        raise SetupError(
            f"the file `{path}` is not there",
            code="source_missing",
            hint="it was moved or deleted since the lock was written: run `wistro lock`",
            file=path,
        ) from error
    if len(content) > MAX_SOURCE:
        raise SetupError(
            f"the file `{path}` is larger than {MAX_SOURCE // 1024} KiB",
            code="source_too_large",
            hint="open it in an editor",
            file=path,
        )
    return content.decode(errors="replace")


def source_place(root: Path, path: str) -> Path:
    """Where a source file of the project is; links lead nowhere else.

    Raises:
        SetupError: `source_refused`, it is no source file of the project.
    """
    root, parts = root.resolve(), PurePosixPath(path)
    if "\0" not in path and not parts.is_absolute() and ".." not in parts.parts:
        place = (root / parts).resolve()
        # Both the name that was asked for and the file behind a link are to be the project's source.
        if all(is_own(each, root) and _is_source(each) for each in (root / parts, place)):
            return place
    raise SetupError(
        f"`{path[:200]!s}` is no source file of the project",
        code="source_refused",
        hint="files in Python, TypeScript, JavaScript and Go below the project's folder are shown, "
        "hidden ones and installed packages are not",
        file=path[:200],
    )


def _is_source(path: Path) -> bool:
    return path.suffix in LANGUAGE_OF_SUFFIX
