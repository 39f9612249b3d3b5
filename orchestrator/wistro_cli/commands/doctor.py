"""`wistro doctor`: what a project needs from this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import cast

import typer

from wistro.errors import SetupError
from wistro_cli.folder import project_folder
from wistro_cli.help import Json, examples


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            ("wistro doctor", "what was found, what is missing and how to mend it"),
            ("wistro doctor --json", "the same for programs"),
        )
    )(doctor)


def doctor(context: typer.Context, json: Json = False) -> None:
    """Look at this machine; the exit code is 1 when something is missing. Changes nothing."""
    from rich.text import Text

    from wistro.temporal.host.doctor import doctor_checks
    from wistro_cli.output import say, show, show_json

    checks = doctor_checks(_folder(context))
    missing = [check for check in checks if not check.ok and check.required]
    if json:
        show_json({"ok": not missing, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            mark, style = ("ok", "green") if check.ok else ("--", "yellow")
            if check in missing:
                mark, style = "no", "bold red"
            show(Text.assemble((mark, style), f"  {check.name}: {check.found}"))
            if not check.ok and check.hint:
                show(Text.assemble("    ", ("hint: ", "cyan"), check.hint))
        if not missing:
            say("everything that Wistro needs is here", style="green")
    if missing:
        raise typer.Exit(1)


def _folder(context: typer.Context) -> Path:
    # It helps before there is a project, too.
    try:
        return project_folder(context)
    except SetupError:
        if cast("Path | None", context.find_root().obj) is not None:
            raise
        return Path.cwd()
