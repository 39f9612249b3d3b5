"""The page of the workbench: a wheel carries it built, a checkout builds it when its sources change."""

from __future__ import annotations

from pathlib import Path

import wistro
from wistro.errors import SetupError
from wistro.project.npmbuild import NpmBuild
from wistro.project.toolchains import NODE
from wistro.usercache import Progress

_CHECKOUT = Path(wistro.__file__).parents[2]
_BUILD = NpmBuild(
    sources=_CHECKOUT / "workbench",
    output=_CHECKOUT / "triggers" / "wistro_triggers" / "_workbench",
    title="the workbench",
)


def build_workbench(say: Progress) -> None:
    """Build the page where this is a checkout and its sources are newer; elsewhere do nothing.

    Raises:
        SetupError: Node.js is missing, or the build fails.
    """
    if not (_BUILD.sources / "package.json").is_file() or _BUILD.is_current:
        return
    try:
        NODE.find()
    except SetupError as error:
        raise SetupError(
            f"the workbench cannot be built: {error.message}", code=error.code, hint=error.hint
        ) from error
    _BUILD.run(say)
