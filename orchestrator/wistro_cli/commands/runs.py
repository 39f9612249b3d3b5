"""`wistro runs`: look at runs, and repair them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from wistro_cli.help import GROUP_SETTINGS, Json, examples

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wistro.runs import RunSummary
    from wistro_cli.api import Api

app = typer.Typer(name="runs", help="Look at runs, and repair them.", **GROUP_SETTINGS)

Run = Annotated[
    str, typer.Argument(help="An id, the beginning of one, or `flow/id`.", show_default=False)
]
Data = Annotated[
    str | None,
    typer.Option("--data", "-d", metavar="JSON|@FILE|-", help="Go on with this input instead."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say what would happen, and do nothing.")
]
_LARGEST_PAGE = 500
_ENDS = ("run.completed", "run.failed", "run.cancelled", "run.timed_out")


@app.command(
    "list",
    epilog=examples(
        ("wistro runs list", "the latest runs, newest first"),
        ("wistro runs list --flow orders --status failed", "those that went wrong"),
        ("wistro runs list --status held --json", "those that wait for an operator, for programs"),
        ("wistro runs list --trigger api:create_order --since 2030-01-31", "by trigger and time"),
        ("wistro runs list --text 77d0", "those that have it in their id"),
    ),
)
def list_runs(  # noqa: PLR0913, PLR0917 - filters
    context: typer.Context,
    flow: Annotated[str | None, typer.Option("--flow", help="Only of this flow.")] = None,
    status: Annotated[
        str | None,
        typer.Option("--status", help="running, completed, failed, cancelled, timed_out or held."),
    ] = None,
    trigger: Annotated[
        str | None, typer.Option("--trigger", help="`api`, or one: `api:create_order`.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Started at or after.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Started before.")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="Part of the run's id.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 20,
    json: Json = False,
) -> None:
    """List runs, newest first."""
    from wistro_cli.api import connect
    from wistro_cli.output import say, show_json

    wanted = {
        "flow": flow,
        "status": status,
        "trigger": trigger,
        "since": since,
        "until": until,
        "text": text,
    }
    with connect(context) as api:
        runs, partial = _pages(api, wanted, limit)
    if json:
        show_json(runs)
        return
    if not runs:
        say("no runs")
        return
    from wistro_cli.run_views import show_runs

    show_runs(runs)
    if partial:
        say("many ids have this text: only the latest were looked at; give more of it", style="dim")


@app.command(
    epilog=examples(
        ("wistro runs show 9f3a2c1b", "every delivery: input, output, attempts"),
        ("wistro runs show 9f3a2c1b 3", "its third delivery in full"),
        ("wistro runs show orders/9f3a2c1b --json", "everything, for programs"),
    )
)
def show(
    context: typer.Context,
    run: Run,
    delivery: Annotated[
        str | None, typer.Argument(help="A delivery: its number, step or id.")
    ] = None,
    json: Json = False,
) -> None:
    """Show a run with its deliveries, or one of these in full."""
    from wistro_cli.api import connect
    from wistro_cli.api.runs import choose_delivery, find_run
    from wistro_cli.output import show_json
    from wistro_cli.run_views import show_delivery, show_run

    with connect(context) as api:
        found = find_run(api, run)
    chosen = choose_delivery(found, delivery, statuses=()) if delivery else None
    if json:
        show_json(chosen or found)
    elif chosen is not None:
        show_delivery(found, chosen)
    else:
        show_run(found)


@app.command(
    epilog=examples(
        ("wistro runs logs 9f3a2c1b", "what it did and what its handlers logged"),
        ("wistro runs logs 9f3a2c1b --follow", "until it ends"),
        ("wistro runs logs --follow --level warn", "of all runs, from now on"),
    )
)
def logs(
    context: typer.Context,
    run: Annotated[
        str | None, typer.Argument(help="A run; without one, `--follow` shows all of them.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more.")] = False,
    step: Annotated[str | None, typer.Option("--step", help="Only of this step.")] = None,
    level: Annotated[
        str | None, typer.Option("--level", help="debug, info, warn or error, and more severe.")
    ] = None,
    json: Json = False,
) -> None:
    """Print what runs did and logged; with `--json`, a document a line."""
    from dataclasses import asdict

    from wistro.errors import SetupError
    from wistro_cli.api import connect
    from wistro_cli.api.live import live_entries, past_entries
    from wistro_cli.api.runs import find_run, path_of
    from wistro_cli.entries import entry_line
    from wistro_cli.output import show, show_json_line

    if run is None and not follow:
        raise SetupError(
            "expected a run, or `--follow` for what all runs do from now on",
            code="bad_usage",
            hint="`wistro runs list` shows the latest runs",
        )
    wanted: dict[str, str | int | None] = {"step": step, "level": level}
    with connect(context) as api:
        after: int | None = None
        ended = False
        if run is not None:
            found = find_run(api, run)
            ended = found.closed_at is not None
            for entry in past_entries(api, path_of(found), wanted):
                show_json_line(asdict(entry)) if json else show(entry_line(entry, with_run=False))
                after = entry.seq
            wanted |= {"flow": found.flow, "run_id": found.run_id}
            after = after or 0
        if not follow or ended:
            return
        for entry in live_entries(api, wanted, after):
            show_json_line(asdict(entry)) if json else show(entry_line(entry, with_run=run is None))
            if run is not None and entry.kind in _ENDS:
                return


@app.command(
    epilog=examples(
        ("wistro runs cancel 9f3a2c1b", "its running handlers are told to stop"),
        ("wistro runs cancel 9f3a2c1b --dry-run", "what would end with it"),
    )
)
def cancel(context: typer.Context, run: Run, dry_run: DryRun = False, json: Json = False) -> None:
    """Ask a run to end."""
    from wistro_cli.api import connect
    from wistro_cli.api.runs import find_run, path_of

    with connect(context) as api:
        found = find_run(api, run)
        if dry_run:
            _foresee(api, found, {"action": "cancel"}, json=json)
            return
        _tell(api.post(f"{path_of(found)}/cancel"), f"asked {_name(found)} to end", json=json)


@app.command(
    epilog=examples(
        ("wistro runs retry 9f3a2c1b", "the delivery that failed or is held"),
        ("wistro runs retry 9f3a2c1b 3 -d '{\"id\": 7}'", "with another input"),
    )
)
def retry(
    context: typer.Context,
    run: Run,
    delivery: Annotated[
        str | None, typer.Argument(help="Its number, step or id; needed when several failed.")
    ] = None,
    data: Data = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Make a held delivery again, or a failed one of an ended run in a fork of it."""
    from wistro_cli.api import connect
    from wistro_cli.api.client import quote
    from wistro_cli.api.runs import as_mapping, choose_delivery, find_run, path_of

    body = _body(data)
    with connect(context) as api:
        found = find_run(api, run)
        chosen = choose_delivery(found, delivery, statuses=("held", "failed"))
        if dry_run:
            wanted = {"action": "retry", "delivery_id": chosen.delivery_id, **body}
            _foresee(api, found, wanted, json=json)
            return
        path = f"{path_of(found)}/deliveries/{quote(chosen.delivery_id)}/retry"
        started = as_mapping(api.post(path, body))
    what = f"`{chosen.step}` is made again"
    forked = started.get("run_id") != found.run_id
    where = (
        f"in the fork {started.get('flow')}/{started.get('run_id')}"
        if forked
        else f"in {_name(found)}"
    )
    _tell(started, f"{what} {where}", json=json)


@app.command(
    epilog=examples(("wistro runs skip 9f3a2c1b 3", "the run goes on without its third delivery"))
)
def skip(
    context: typer.Context,
    run: Run,
    delivery: Annotated[
        str | None, typer.Argument(help="Its number, step or id; needed when several are held.")
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Go on without a held delivery."""
    from wistro_cli.api import connect
    from wistro_cli.api.client import quote
    from wistro_cli.api.runs import choose_delivery, find_run, path_of

    with connect(context) as api:
        found = find_run(api, run)
        chosen = choose_delivery(found, delivery, statuses=("held",))
        if dry_run:
            wanted = {"action": "skip", "delivery_id": chosen.delivery_id}
            _foresee(api, found, wanted, json=json)
            return
        answer = api.post(f"{path_of(found)}/deliveries/{quote(chosen.delivery_id)}/skip")
        _tell(answer, f"{_name(found)} goes on without `{chosen.step}`", json=json)


@app.command(
    epilog=examples(
        ("wistro runs fork 9f3a2c1b", "a new run goes on from where this one failed"),
        (
            "wistro runs fork 9f3a2c1b --delivery 3",
            "make its third delivery again, and what follows",
        ),
        ("wistro runs fork 9f3a2c1b --delivery 3 -d @fixed.json", "with another input"),
        (
            "wistro runs fork 9f3a2c1b --delivery 3 --dry-run",
            "what would be made again, and what not",
        ),
    )
)
def fork(
    context: typer.Context,
    run: Run,
    delivery: Annotated[
        str | None,
        typer.Option("--delivery", help="Any delivery: its number, step or id. It is made again."),
    ] = None,
    data: Data = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Start a run that makes one delivery of another again, or goes on from where that failed."""
    from wistro_cli.api import connect
    from wistro_cli.api.runs import as_mapping, choose_delivery, find_run, path_of

    body = _body(data)
    with connect(context) as api:
        found = find_run(api, run)
        if delivery is not None:
            chosen = choose_delivery(found, delivery, statuses=())
            body["delivery_id"] = chosen.delivery_id
        if dry_run:
            _foresee(api, found, {"action": "fork", **body}, json=json)
            return
        started = as_mapping(api.post(f"{path_of(found)}/fork", body))
    _tell(started, f"started {started.get('flow')}/{started.get('run_id')}", json=json)


@app.command(
    epilog=examples(
        ("wistro runs release --dry-run", "which held deliveries would be made again"),
        ("wistro runs release --step charge_card --error handler_error", "those of one failure"),
        ("wistro runs release --flow orders --skip", "go on without them"),
    )
)
def release(
    context: typer.Context,
    flow: Annotated[str | None, typer.Option("--flow", help="Only of this flow.")] = None,
    step: Annotated[str | None, typer.Option("--step", help="Only of this step.")] = None,
    error: Annotated[
        str | None, typer.Option("--error", metavar="CODE", help="Only with this error code.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Of runs started at or after.")
    ] = None,
    skip: Annotated[
        bool, typer.Option("--skip", help="Go on without them instead of making them again.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Make all held deliveries of many runs again, or skip them; Ctrl-C stops after the current ones."""
    from wistro_cli.api import connect
    from wistro_cli.releasing import show_release

    given = {"flow": flow, "step": step, "error": error, "since": since}
    body: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    body |= {"action": "skip" if skip else "retry", "dry_run": dry_run}
    with connect(context) as api:
        failed = show_release(api, body, json=json)
    if failed:
        raise typer.Exit(1)


def _pages(api: Api, wanted: dict[str, str | None], limit: int) -> tuple[list[RunSummary], bool]:
    """So many runs, and whether they are not all that have the text, as the API says."""
    from wistro.runs import RunPage

    found: list[RunSummary] = []
    cursor: str | None = None
    partial = False
    while len(found) < limit:
        size = min(limit - len(found), _LARGEST_PAGE)
        page = RunPage.model_validate(api.get("/runs", {**wanted, "limit": size, "cursor": cursor}))
        found += page.runs
        partial = partial or page.partial
        cursor = page.next_cursor
        if cursor is None or not page.runs:
            break
    return found[:limit], partial


def _body(data: str | None) -> dict[str, object]:
    from wistro_cli.values import read_json

    return {} if data is None else {"data": read_json(data, option="--data")}


def _foresee(api: Api, run: RunSummary, wanted: Mapping[str, object], *, json: bool) -> None:
    """Say what a repair would do."""
    from wistro_cli.api.repairs import preview
    from wistro_cli.releasing import show_preview

    if not show_preview(preview(api, run, wanted), json=json):
        raise typer.Exit(1)


def _name(run: RunSummary) -> str:
    return f"{run.flow}/{run.run_id}"


def _tell(answer: object, text: str, *, json: bool) -> None:
    from wistro_cli.output import say, show_json

    if json:
        show_json(cast("dict[str, object]", answer))
    else:
        say(text)
