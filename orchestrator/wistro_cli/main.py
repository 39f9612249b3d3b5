"""The `wistro` command: its subcommands, and how it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from wistro_cli.commands import (
    access,
    answers,
    apps,
    audit,
    call,
    calls,
    check,
    dev,
    doctor,
    emit,
    inbox,
    keys,
    lock,
    new,
    replay,
    runs,
    schedules,
    start,
    state,
    types,
)
from wistro_cli.help import GROUP_SETTINGS, examples
from wistro_cli.output import fail, say_error

INTERRUPTED = 130
"""What shells expect of a command that Ctrl-C ended."""

app = typer.Typer(
    name="wistro",
    help="Durable, encrypted event-driven flows on Temporal, from a folder of step files.",
    epilog=examples(
        ("wistro new shop && cd shop", "a project to begin with"),
        ("wistro dev", "run it, and again whenever a file changes"),
        ("wistro runs list", "what its flows did"),
    ),
    **GROUP_SETTINGS,
)
for command in (new, dev, check, lock, types, start, emit, call, replay, doctor, audit):
    command.register(app)
for group in (apps, runs, schedules, calls, answers, inbox, state, keys, access):
    app.add_typer(group.app)


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        print(f"wistro {version('wistro')}")
    except PackageNotFoundError:
        print("wistro (from its sources)")
    raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    project: Annotated[
        Path | None,
        typer.Option(
            "--project",
            "-C",
            metavar="FOLDER",
            help="The project's folder; by default the one around the working directory.",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and end."
        ),
    ] = False,
) -> None:
    """Durable, encrypted event-driven flows on Temporal, from a folder of step files."""
    _ = version
    context.obj = project


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and end the process: 0, 1 for errors, 2 for wrong usage, 130 for Ctrl-C."""
    code = run(arguments)
    if "temporalio" in sys.modules:
        from wistro.temporal.host.exit import leave

        leave(code)
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; its exit code. Errors are told on stderr, never as a stack trace."""
    try:
        code: object = app(arguments, prog_name="wistro", standalone_mode=False)
    except typer.TyperException as error:
        return _wrong_usage(error)
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (`head`, a pager) has what it wants. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the last line of defence against stack traces
        return fail(error)
    return code if isinstance(code, int) else 0


def _wrong_usage(error: typer.TyperException) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":
        return 0  # the help was shown
    path = getattr(getattr(error, "ctx", None), "command_path", "wistro")
    say_error(error.format_message(), hint=f"`{path} --help` shows how it is used")
    return error.exit_code
