"""Offers to set up what the steps of a project lack."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from wistro_cli.dev.screen import Screen
from wistro_cli.packages import PACKAGE, lacks_packages, set_up_packages


def offer_packages(root: Path, screen: Screen, *, ask: bool) -> None:
    """Set up a package.json for steps in TypeScript or JavaScript, if somebody wants it.

    Args:
        root: The project's folder.
        screen: Told what happened, or what could.
        ask: Whether somebody may be asked; nobody is where no terminal is.

    Raises:
        SetupError: it was wanted, and failed.
    """
    if not lacks_packages(root):
        return
    lack = f"there are steps in TypeScript or JavaScript, and no {PACKAGE}"
    if not (ask and sys.stdin.isatty() and sys.stderr.isatty()):
        screen.note(f"{lack}; `wistro dev` in a terminal sets one up, and so does `npm init`")
        return
    if typer.confirm(f"{lack}. Set one up?", default=True, err=True):
        written = set_up_packages(root, screen.note)
        screen.note(f"wrote {' and '.join(written)}")
