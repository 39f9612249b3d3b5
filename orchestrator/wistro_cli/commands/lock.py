"""`wistro lock`: writes the compiled project, or checks that it is up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from wistro.errors import SetupError
from wistro_cli.folder import project_folder
from wistro_cli.help import examples

if TYPE_CHECKING:
    from wistro.project import Lock, Project


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            ("wistro lock", "write `wistro.yml.lock`, from which `wistro start` runs"),
            ("wistro lock --check", "in CI: fail when it does not fit the sources"),
        )
    )(lock)


def lock(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when the lock is stale.")
    ] = False,
) -> None:
    """Compile the project to `wistro.yml.lock`."""
    from wistro.project import Project
    from wistro_cli.findings import problems_of, size_of, tally
    from wistro_cli.output import say

    project = Project.open(project_folder(context))
    compiled = project.compile(project.discover(progress=say))
    problems = problems_of(compiled)
    for problem in problems:
        for line in problem.lines():
            say(line)
    if not compiled.ok:
        raise SetupError(
            f"`{project.lock_path.name}` was not written: the project has {tally(problems)}",
            code="project_not_sound",
            hint="mend what is named above; `wistro check` shows it again",
        )
    if check:
        _expect_current(project, compiled.lock)
        say(f"`{project.lock_path.name}` is up to date")
        return
    changed = _changes(project, compiled.lock)
    if not project.write_lock(compiled.lock):
        say(f"`{project.lock_path.name}` is up to date")
        return
    for change in changes_shown(changed):
        say(f"  {change}")
    written = compiled.lock
    say(f"wrote `{project.lock_path.name}`: {size_of(written)}, build {written.build}")


def changes_shown(changes: tuple[str, ...], limit: int = 20) -> list[str]:
    """The first changes, and how many more there are."""
    more = len(changes) - limit
    return [*changes[:limit], *([f"… and {more} more"] if more > 0 else [])]


def _changes(project: Project, new: Lock) -> tuple[str, ...]:
    """How the lock changes; nothing when there was none that can be read."""
    try:
        return project.stale(new)
    except SetupError:
        return ()


def _expect_current(project: Project, current: Lock) -> None:
    found = project.stale(current)
    if found:
        listed = "\n".join(f"  {change}" for change in changes_shown(found))
        raise SetupError(
            f"`{project.lock_path.name}` is stale: the sources have changed since it was written\n{listed}",
            code="stale_lock",
            hint="run `wistro lock`, and commit what it writes",
        )
