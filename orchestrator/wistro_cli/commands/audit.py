"""`wistro audit`: who did what, and who was refused what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, cast

import typer

from wistro_cli.help import Json, examples


class Kind(StrEnum):
    """The two sorts of entries."""

    done = "done"
    refused = "refused"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            ("wistro audit", "what was done and refused, newest first"),
            ("wistro audit --kind done --run 4f1a…", "who did what to a run"),
            ("wistro audit --flow refunds --since 24h", "who may not call `refunds`, but tried"),
            ("wistro audit --since 2030-01-31 --json", "for programs"),
        )
    )(audit)


def audit(
    context: typer.Context,
    flow: Annotated[str | None, typer.Option("--flow", help="Only about this flow.")] = None,
    run: Annotated[str | None, typer.Option("--run", help="Only about this run.")] = None,
    kind: Annotated[
        Kind | None, typer.Option("--kind", help="Only what was `done`, or `refused`.")
    ] = None,
    who: Annotated[
        str | None, typer.Option("--who", help="Only of this user, or the key of this name.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="A moment, or how long ago: `24h`."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: Json = False,
) -> None:
    """List who did what, and who was refused what and why. The correlation id leads to the logs."""
    from wistro_cli.api import connect
    from wistro_cli.api.runs import as_mapping
    from wistro_cli.output import moment, say, show_json, show_table

    wanted = {
        "flow": flow,
        "run_id": run,
        "kind": None if kind is None else kind.value,
        "who": who,
        "since": _moment(since),
    }
    items: list[dict[str, object]] = []
    before: str | None = None
    with connect(context) as api:
        while len(items) < limit:
            query = {**wanted, "before": before, "limit": min(limit - len(items), 1000)}
            page = as_mapping(api.get("/audit", query))
            items += cast("list[dict[str, object]]", page["items"])
            before = cast("str | None", page["next"])
            if before is None:
                break
    if json:
        show_json(items)
        return
    columns = ["outcome", "identity", "action", "flow", "run_id", "subject", "reason", "remote"]
    show_table(
        ["at", "outcome", "who", "action", "flow", "run", "about", "reason", "remote", "request"],
        [
            [
                moment(str(item["at"])),
                *(str(item[column] or "") for column in (*columns, "correlation_id")),
            ]
            for item in items
        ],
    )
    if before is not None:
        say("there are more: `--limit`", style="dim")


def _moment(given: str | None) -> str | None:
    from wistro.errors import SetupError
    from wistro.options import parse_duration

    if given is None:
        return None
    try:
        ago = parse_duration(given)
    except ValueError:
        ago = None
    if ago is not None and not isinstance(ago, str):
        return (datetime.now(UTC) - cast("timedelta", ago)).isoformat()
    try:
        return datetime.fromisoformat(given).astimezone().isoformat()
    except ValueError:
        raise SetupError(
            f"`--since {given}` is no moment, and no length of time",
            code="bad_option",
            hint="say `2030-01-31`, `2030-01-31T09:00`, `24h` or `7d`",
        ) from None
