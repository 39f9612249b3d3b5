"""`wistro replay`: would today's code take stored runs the way they went?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wistro.errors import SetupError
from wistro_cli.folder import project_folder
from wistro_cli.help import Json, examples

if TYPE_CHECKING:
    from wistro_cli.replaying import Replayed


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            ("wistro replay 9f3a2c1b5e6d4f708192a3b4c5d6e7f8", "one run"),
            ("wistro replay --all --limit 200", "the latest runs, before an upgrade"),
            ("wistro replay --all --save histories/", "keep the histories, still encrypted"),
            ("wistro replay histories/*.json", "histories that were kept"),
        )
    )(replay)


def replay(
    context: typer.Context,
    what: Annotated[
        list[str] | None, typer.Argument(help="Runs by their whole ids, or files with histories.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="The latest runs of the project.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="With --all: so many.")] = 100,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FOLDER", help="Keep the histories as files.")
    ] = None,
    json: Json = False,
) -> None:
    """Replay stored histories with the code that is installed; exit code 1 when one does not fit."""
    import asyncio

    from wistro_cli.findings import count
    from wistro_cli.output import say, show_json
    from wistro_cli.replaying import replay_histories

    if bool(what) == everything:
        raise SetupError(
            "expected runs or files to replay, or `--all`",
            code="bad_usage",
            hint="`wistro runs list --json` shows whole ids",
        )
    root = project_folder(context)
    replayed = asyncio.run(replay_histories(root, None if everything else what, limit, save))
    failed = sum(each.error is not None for each in replayed)
    if json:
        show_json([asdict(each) for each in replayed])
    else:
        for each in replayed:
            _show(each)
        good = len(replayed) - failed
        say(f"{count(good, 'history' if good == 1 else 'historie')} as before, {failed} not")
    if failed:
        raise typer.Exit(1)


def _show(replayed: Replayed) -> None:
    from rich.text import Text

    from wistro_cli.output import show

    mark = ("ok", "green") if replayed.error is None else ("no", "bold red")
    show(Text.assemble(mark, f"  {replayed.workflow_id}  {replayed.events} events"))
    if replayed.error is not None:
        show(Text(f"      {replayed.error}", style="red"))
