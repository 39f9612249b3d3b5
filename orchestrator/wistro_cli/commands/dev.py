"""`wistro dev`: run a project on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from wistro_cli.folder import project_folder
from wistro_cli.help import examples


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            ("wistro dev", "Temporal, worker, triggers; loads changed files again"),
            ("wistro dev --port 8000", "the API on a port of your choice"),
            ("TEMPORAL_ADDRESS=localhost:7233 wistro dev", "with a Temporal server that is there"),
            ("wistro dev --json", "everything that happens as JSON lines"),
        )
    )(dev)


def dev(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            "-p",
            min=0,
            max=65535,
            help="Where the API listens; without it, 3000 or the next that is free.",
        ),
    ] = None,
    drain: Annotated[
        float,
        typer.Option(
            "--drain", min=0, metavar="SECONDS", help="How long running steps may finish."
        ),
    ] = 5.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines, for programs.")] = False,
) -> None:
    """Run the project with all it needs, and load files again when they change. Ctrl-C stops it."""
    import asyncio

    from wistro_cli.dev.alone import alone
    from wistro_cli.dev.offer import offer_packages
    from wistro_cli.dev.screen import JsonLines, Lines, Screen
    from wistro_cli.dev.session import DevOptions, Session

    root = project_folder(context)

    screen: Screen = JsonLines() if json else Lines()

    async def session() -> int:
        return await Session(root, DevOptions(port=port, drain=drain), screen).run()

    with alone(root):
        offer_packages(root, screen, ask=not json)
        code = asyncio.run(session())
    raise typer.Exit(code)
