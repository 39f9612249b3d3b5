"""`wistro types`: the types of a project, for the TypeScript compiler."""

from __future__ import annotations

from typing import Annotated

import typer

from wistro_cli.folder import project_folder
from wistro_cli.help import examples


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            ("wistro types", "write `types.d.ts`: a wrong message does not compile any more"),
            ("wistro types --check", "in CI: fail when it does not fit the steps"),
        )
    )(types)


def types(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when the file is stale.")
    ] = False,
) -> None:
    """Write the types of topics, streams and handlers to `types.d.ts`."""
    from wistro.project import Project
    from wistro_cli.findings import problems_of
    from wistro_cli.output import say
    from wistro_cli.packages import link_package
    from wistro_cli.typings import TYPES, write_types

    project = Project.open(project_folder(context))
    compiled = project.compile(project.discover(progress=say))
    for problem in problems_of(compiled):
        if problem.severity == "error":
            for line in problem.lines():
                say(line)
    changed = write_types(project.root, compiled.lock, check=check, say=say)
    if not check:
        link_package(project.root, say)
    say(f"wrote `{TYPES}`" if changed else f"`{TYPES}` is up to date")
    if not compiled.ok:
        say("steps with errors are left out of it", style="yellow")
