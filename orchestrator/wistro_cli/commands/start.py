"""`wistro start`: run a project from its lock, or some parts of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wistro_cli.folder import project_folder
from wistro_cli.help import examples

if TYPE_CHECKING:
    from wistro.temporal.host.runtime import Runtime
    from wistro_cli.control import Control
    from wistro_cli.hosting.options import HostOptions


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            ("TEMPORAL_ADDRESS=temporal:7233 wistro start", "everything, in one process"),
            (
                "wistro start --only runs,steps",
                "one more worker; WISTRO_API says where the triggers are",
            ),
            (
                "wistro start --only triggers --host 0.0.0.0 --port 80",
                "the HTTP side and the schedules",
            ),
            (
                "wistro start --host 0.0.0.0 --port 80 --internal-port 3001",
                "management, workers and internal flows on a listener of their own",
            ),
        )
    )(start)


def start(  # noqa: PLR0913, PLR0917 - the options of a command
    context: typer.Context,
    only: Annotated[
        str | None,
        typer.Option("--only", help="Some of `runs`, `steps` and `triggers`, with commas."),
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="The address that the triggers listen on.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", "-p", min=0, max=65535, help="The port; 0 takes a free one."),
    ] = None,
    internal_port: Annotated[
        int | None,
        typer.Option(
            "--internal-port",
            min=0,
            max=65535,
            help="A port of its own for `/_wistro` and internal flows; 0 takes a free one.",
        ),
    ] = None,
    drain: Annotated[
        float | None,
        typer.Option(
            "--drain", min=0, metavar="SECONDS", help="How long running steps may finish."
        ),
    ] = None,
    ui: Annotated[
        list[str] | None,
        typer.Option(
            "--ui-origin",
            metavar="URL",
            envvar="WISTRO_UI_ORIGIN",
            help="Where the Temporal UI is.",
        ),
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            "--metrics-port",
            min=1,
            max=65535,
            envvar="WISTRO_METRICS_PORT",
            help="For Prometheus, when no triggers run here.",
        ),
    ] = None,
    lock: Annotated[Path | None, typer.Option("--lock", hidden=True)] = None,
) -> None:
    """Run a project from its lock alone, until SIGTERM: it drains, and ends with 0."""
    import asyncio

    from wistro_cli.control import Control
    from wistro_cli.environment import load_env_file
    from wistro_cli.hosting.options import HostOptions
    from wistro_cli.logs import configure_logs
    from wistro_cli.output import describe
    from wistro_cli.parts import Parts
    from wistro_cli.telemetry import flushing_traces, serve_metrics

    control = Control.inherited()
    configure_logs(supervised=control is not None)
    options = HostOptions(
        parts=Parts.parse(only),
        host=host,
        port=port,
        internal_port=internal_port,
        development=control is not None,
        ui_origins=tuple(ui or ()),
        drain=None if drain is None else timedelta(seconds=drain),
    )
    try:
        root = project_folder(context)
        load_env_file(root)
        lock_path = lock or root / "wistro.yml.lock"
        runtime = _open(root, lock_path)
        if metrics_port is not None:
            serve_metrics(metrics_port)
        with flushing_traces():
            code = asyncio.run(_run(runtime, lock_path, options, control))
    except Exception as error:
        if control is None or (said := describe(error)) is None:
            raise
        # The parent tells it, once, in its own words.
        control.tell("failed", message=said[0], hint=said[1])
        code = 1
    raise typer.Exit(code)


def _open(root: Path, lock_path: Path) -> Runtime:
    from wistro.errors import SetupError
    from wistro.project import Project
    from wistro.project.lock import load_lock
    from wistro.project.settings import Settings
    from wistro.temporal.host.runtime import Runtime
    from wistro.temporal.host.serverbinary import configured_server

    lock = load_lock(lock_path)
    server = configured_server()
    if server is None:
        raise SetupError(
            "there is no Temporal address: expected `TEMPORAL_ADDRESS`, or a profile of the Temporal CLI",
            code="no_temporal_address",
            hint="set TEMPORAL_ADDRESS=host:7233; `wistro dev` brings a server of its own",
        )
    try:
        project = Project.open(root)
    except SetupError:
        # The lock alone counts: what somebody does to `wistro.yml` takes effect with the next lock.
        project = Project(root, Settings(project=lock.project))
    return Runtime.open(project, lock, server)


async def _run(
    runtime: Runtime, lock_path: Path, options: HostOptions, control: Control | None
) -> int:
    from wistro_cli.hosting.host import Host

    return await Host(runtime, lock_path, options, control).run()
