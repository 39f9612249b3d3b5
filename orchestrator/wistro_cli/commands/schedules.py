"""`wistro schedules`: when the clock starts runs; pausing that, and making up for missed ticks."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from wistro_cli.help import GROUP_SETTINGS, Json, examples

app = typer.Typer(name="schedules", help="When the clock starts runs.", **GROUP_SETTINGS)

Flow = Annotated[str, typer.Argument(help="The flow that ticks start runs of.")]
Step = Annotated[str, typer.Argument(help="The cron step.")]
Note = Annotated[str, typer.Option("--note", "-m", help="Why, for others.")]


@app.command(
    "list",
    epilog=examples(
        ("wistro schedules list", "what the clock starts next"),
        ("wistro schedules list --json", "with the latest ticks and their runs"),
    ),
)
def list_schedules(context: typer.Context, json: Json = False) -> None:
    """List the schedules with their next ticks."""
    from wistro_cli.api import connect
    from wistro_cli.output import moment, say, show_json, show_table

    with connect(context) as api:
        found = cast("list[dict[str, object]]", api.get("/schedules"))
    if json:
        show_json(found)
    elif not found:
        say("the clock starts nothing")
    else:

        def upcoming(schedule: dict[str, object]) -> str:
            ticks = cast("list[str]", schedule["next_ticks"])
            return "paused" if schedule["paused"] else moment(ticks[0]) if ticks else "never"

        rows = [(str(s["flow"]), str(s["step"]), str(s["words"]), upcoming(s)) for s in found]
        show_table(("flow", "step", "when", "next"), rows)


@app.command(
    epilog=examples(("wistro schedules pause orders nightly -m 'stock taking'", "until resumed"))
)
def pause(
    context: typer.Context, flow: Flow, step: Step, note: Note = "", json: Json = False
) -> None:
    """Stop the ticks of a schedule until it is resumed."""
    _act(context, flow, step, "pause", "ticks no more until it is resumed", {"note": note}, json)


@app.command(epilog=examples(("wistro schedules resume orders nightly", "from now on")))
def resume(
    context: typer.Context, flow: Flow, step: Step, note: Note = "", json: Json = False
) -> None:
    """Let a paused schedule tick again."""
    _act(context, flow, step, "resume", "ticks again", {"note": note}, json)


@app.command(epilog=examples(("wistro schedules trigger orders nightly", "as if it were time")))
def trigger(context: typer.Context, flow: Flow, step: Step, json: Json = False) -> None:
    """Tick now."""
    _act(context, flow, step, "trigger", "ticks now", None, json)


@app.command(
    epilog=examples(
        (
            "wistro schedules backfill orders nightly --since 2026-01-01T00:00Z --until 2026-01-08T00:00Z --dry-run",
            "which ticks there were, and which have no run",
        ),
    )
)
def backfill(
    context: typer.Context,
    flow: Flow,
    step: Step,
    since: Annotated[str, typer.Option("--since", help="The first moment, with its offset.")],
    until: Annotated[str, typer.Option("--until", help="The last moment, with its offset.")],
    overlap: Annotated[
        str, typer.Option("--overlap", help="When the run of the tick before is still going.")
    ] = "buffer_all",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list the ticks.")] = False,
    json: Json = False,
) -> None:
    """Make up for ticks that have no run."""
    from wistro_cli.api import connect
    from wistro_cli.output import say, show_json, show_table

    body = {"since": since, "until": until, "overlap": overlap, "dry_run": dry_run}
    with connect(context) as api:
        found = cast("dict[str, object]", api.post(_path(flow, step, "backfill"), body))
    ticks = cast("list[dict[str, str | None]]", found["ticks"])
    if json:
        show_json(found)
    elif dry_run:
        rows = [(t["at"] or "", t["run_id"] or "none", t["status"] or "") for t in ticks]
        show_table(("tick", "run", "status"), rows)
    else:
        say(f"making up for {found['started']} of {len(ticks)} ticks; the others have runs")


def _act(
    context: typer.Context,
    flow: str,
    step: str,
    action: str,
    said: str,
    body: object,
    json: bool,
) -> None:
    from wistro_cli.api import connect
    from wistro_cli.output import say, show_json

    with connect(context) as api:
        found = api.post(_path(flow, step, action), body)
    if json:
        show_json(found)
    else:
        say(f"`{step}` of `{flow}` {said}")


def _path(flow: str, step: str, action: str) -> str:
    from wistro_cli.api.client import quote

    return f"/schedules/{quote(flow)}/{quote(step)}/{action}"
