"""The project that a command is about: where it is, and what it keeps there."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import typer

from wistro.errors import SetupError

FILES = ("wistro.yml", "wistro.yaml", "wistro.json", "wistro.yml.lock")
"""Any of these makes a folder a project's."""
RUNTIME = ".wistro"
"""What a project keeps on this machine, below its folder."""


def project_folder(context: typer.Context) -> Path:
    """The project's folder: the one that was given, or the nearest around the working directory.

    Raises:
        SetupError: there is none.
    """
    given = cast("Path | None", context.find_root().obj)
    if given is not None:
        if not given.is_dir():
            raise SetupError(
                f"`{given}` is not a folder, expected a project's",
                code="no_project",
                hint="correct `--project`, or make one with `wistro new`",
            )
        return given.resolve()
    here = Path.cwd()
    around = _around_apps(here)
    if any(any(around.glob(pattern)) for pattern in _STEP_FILES):
        return around
    for folder in (around, *around.parents):
        if any((folder / name).is_file() for name in FILES):
            return folder
    raise SetupError(
        f"`{here}` is not in a project: expected a `wistro.yml`, or step files below `steps/`",
        code="no_project",
        hint="go to a project's folder, name it with `--project`, or make one: `wistro new shop`",
    )


def _around_apps(here: Path) -> Path:
    """`here`, or the project around it when it is in an app, which has step files and settings too."""
    for folder in (here, *here.parents):
        project = folder.parent.parent
        if folder.parent.name == "apps" and any((project / name).is_file() for name in FILES):
            return project
    return here


_STEP_FILES = tuple(
    f"{folder}/**/{name}" for folder in ("steps", "src") for name in ("*.step.*", "*_step.*")
)
