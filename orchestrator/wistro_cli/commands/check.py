"""`wistro check`: what is wrong with a project."""

from __future__ import annotations

from dataclasses import asdict

import typer

from wistro_cli.folder import project_folder
from wistro_cli.help import Json, examples


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            ("wistro check", "every error and warning, with its file and how to mend it"),
            ("wistro check --json", "the same for editors and CI"),
        )
    )(check)


def check(context: typer.Context, json: Json = False) -> None:
    """Look for mistakes in the project; the exit code is 1 when there are errors."""
    from wistro.project import Project
    from wistro_cli.findings import problems_of, size_of, tally
    from wistro_cli.output import say, show, show_json

    project = Project.open(project_folder(context))
    compiled = project.compile(project.discover(progress=say))
    lock, problems = compiled.lock, problems_of(compiled)
    if json:
        show_json(
            {
                "ok": compiled.ok,
                "project": lock.project,
                "build": lock.build,
                "apps": list(lock.apps),
                "flows": len(lock.flows),
                "steps": len(lock.steps),
                "problems": [asdict(problem) for problem in problems],
            }
        )
    else:
        for problem in problems:
            for line in problem.lines():
                show(line)
        size = size_of(lock)
        if compiled.ok:
            say(f"`{lock.project}` is sound: {size}" + (f"; {tally(problems)}" if problems else ""))
        else:
            say(f"`{lock.project}` has {tally(problems)}; without them {size} can be used")
    if not compiled.ok:
        raise typer.Exit(1)
