"""`wistro new`: a project to begin with."""

from __future__ import annotations

import re
import secrets
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from wistro.errors import SetupError
from wistro_cli.help import examples
from wistro_cli.output import say

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_IGNORED = "# Keys, secrets, state and the Temporal database of this machine.\n.wistro/\n.env\n__pycache__/\nnode_modules/\n"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            ("wistro new shop", "an API, an event and a cron step in the new folder `shop`"),
            ("wistro new shop -t typescript", "the same in TypeScript; `-t go` for Go"),
            ("wistro new hooks -t webhook", "webhooks with checked signatures"),
            ("wistro new", "in this folder, which must be empty"),
        )
    )(new)


def new(
    name: Annotated[
        str | None, typer.Argument(help="The folder to make, and the project's name.")
    ] = None,
    template: Annotated[
        str, typer.Option("--template", "-t", help="`hello`, `webhook`, `typescript` or `go`.")
    ] = "hello",
) -> None:
    """Make a project from a template."""
    source = _template(template)
    folder = Path(name) if name else Path.cwd()
    project = _project_name(folder)
    _expect_empty(folder)
    written = [".gitignore", *_copy(source, folder, project)]
    (folder / ".gitignore").write_text(_IGNORED, encoding="utf-8")
    say(f"made the project `{project}` in `{folder}`:")
    for file in sorted(written):
        say(f"  {file}")
    commands = [
        *([f"cd {folder}"] if name else []),
        *(["npm install"] if "package.json" in written else []),
        "wistro dev",
    ]
    say(f"run it: {' && '.join(commands)}", style="bold")


def templates() -> list[str]:
    """The names of the templates."""
    return sorted(entry.name for entry in _templates().iterdir() if entry.is_dir())


def _templates() -> Traversable:
    return files("wistro_cli") / "templates"


def _template(name: str) -> Traversable:
    known = [known for known in templates() if not known.startswith("_")]
    if name not in known:
        raise SetupError(
            f"there is no template `{name}`, expected one of {', '.join(f'`{k}`' for k in known)}",
            code="no_template",
            hint="`wistro new --help` says what each is",
        )
    return _templates() / name


def _project_name(folder: Path) -> str:
    name = folder.resolve().name
    if not _NAME.fullmatch(name):
        raise SetupError(
            f"`{name}` cannot be a project's name: expected up to 63 lower case letters, digits and "
            "`-`, beginning with a letter or digit",
            code="bad_name",
            hint="task queues are named after the project: choose a name such as `my-shop`",
        )
    return name


def _expect_empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise SetupError(
            f"`{folder}` is a file, expected a folder to make", code="folder_not_empty"
        )
    # An empty repository is as good as an empty folder.
    found = (
        sorted(entry.name for entry in folder.iterdir() if entry.name != ".git")
        if folder.is_dir()
        else []
    )
    if found:
        shown = ", ".join(f"`{name}`" for name in found[:3]) + (", …" if len(found) > 3 else "")
        raise SetupError(
            f"`{folder}` is not empty (it has {shown}), expected a new or empty folder",
            code="folder_not_empty",
            hint="choose another name; nothing was changed",
        )


def _copy(source: Traversable, target: Path, project: str) -> list[str]:
    """Write the template's files; their names, relative to the project."""
    written: list[str] = []

    def copy(entry: Traversable, to: Path) -> None:
        if entry.name == "__pycache__":
            return
        if entry.is_dir():
            for inner in entry.iterdir():
                copy(inner, to / inner.name)
            return
        # A hidden file would be left out of the distribution, or ignored in our own repository.
        to = to.with_name(to.name.replace("dot-", "."))
        to.parent.mkdir(parents=True, exist_ok=True)
        text = entry.read_text(encoding="utf-8").replace("{{project}}", project)
        text = text.replace("{{secret}}", secrets.token_urlsafe(24))
        to.write_text(text, encoding="utf-8")
        written.append(to.relative_to(target).as_posix())

    for entry in source.iterdir():
        copy(entry, target / entry.name)
    return written
