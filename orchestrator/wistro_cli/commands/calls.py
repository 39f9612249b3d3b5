"""`wistro calls`: the calls that are to come, and taking them back."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from wistro_cli.help import GROUP_SETTINGS, Json, examples

app = typer.Typer(name="calls", help="Look at calls that are to come.", **GROUP_SETTINGS)

Flow = Annotated[str | None, typer.Option("--flow", "-f", help="Only of this flow.")]


@app.command(
    "list",
    epilog=examples(
        ("wistro calls list", "what is called next"),
        ("wistro calls list --flow reports --json", "of one flow, for programs"),
    ),
)
def list_calls(
    context: typer.Context,
    flow: Flow = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=1000, help="At most so many.")
    ] = 100,
    json: Json = False,
) -> None:
    """List the calls that are to come, those that come next first."""
    from wistro_cli.api import connect
    from wistro_cli.output import compact, moment, say, show_json, show_table

    with connect(context) as api:
        found = api.get("/scheduled-calls", {"flow": flow, "limit": limit})
    calls = cast("list[dict[str, str | None]]", found)
    if json:
        show_json(calls)
    elif not calls:
        say("no calls are to come")
    else:
        columns = ("call", "flow", "next", "when", "by")
        show_table(
            columns,
            (
                (
                    call["id"] or "",
                    call["flow"] or "",
                    moment(call["at"]) if not call["paused"] else "paused",
                    f"{call['cron']} {call['time_zone']}" if call["cron"] else "once",
                    compact(call["by"] or ""),
                )
                for call in calls
            ),
        )


@app.command(
    epilog=examples(
        ("wistro calls cancel 7f9c2ba4e88f827d616045507605853e", "it is not made any more"),
    )
)
def cancel(
    context: typer.Context,
    call: Annotated[str, typer.Argument(help="The call, as `wistro calls list` shows it.")],
    flow: Flow = None,
    json: Json = False,
) -> None:
    """Take back a call that is to come; of a cron, all that are to come."""
    from wistro_cli.api import connect
    from wistro_cli.api.client import quote
    from wistro_cli.output import say, show_json

    with connect(context) as api:
        path = f"/scheduled-calls/{quote(call)}"
        found = cast("dict[str, object]", api.get(path, {"flow": flow}))
        api.delete(path, {"flow": cast("str", found["flow"])})
    if json:
        show_json(found)
    else:
        say(f"the call `{call}` of `{found['flow']}` is not made any more")
