"""`wistro call`: call a flow, and come back for its answer."""

from __future__ import annotations

from typing import Annotated

import typer

from wistro_cli.help import Json, examples


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            ('wistro call quotes --input \'{"article": "tea"}\'', "wait for the answer"),
            ("wistro call quotes -i @question.json --wait 120", "wait at most two minutes"),
            ("wistro call quotes -i - --wait 0 < question.json", "print the call's id, and go on"),
            ("wistro call quotes --id 7f9c2ba4e88f827d616045507605853e", "the answer of that call"),
            ("wistro call quotes -i '{}' --idempotency-key 7", "safe to repeat"),
            ("wistro call reports --cron '0 9 * * 1' --time-zone Europe/Berlin", "every Monday"),
            (
                'wistro call quotes -i \'{}\' --respond-to \'{"target": "channel", "user": "anna"}\'',
                "the answer goes to the tabs of a user",
            ),
        )
    )(call)


def call(  # noqa: PLR0913, PLR0917 - the options of a command
    context: typer.Context,
    flow: Annotated[str, typer.Argument(help="The flow, which has a call step, or an app.")],
    given: Annotated[
        str,
        typer.Option("--input", "-i", metavar="JSON|@FILE|-", help="The input; `-` is stdin."),
    ] = "null",
    call_id: Annotated[
        str | None, typer.Option("--id", help="Fetch the answer of an earlier call instead.")
    ] = None,
    wait: Annotated[
        float | None,
        typer.Option(
            "--wait",
            min=0,
            max=300,
            metavar="SECONDS",
            help="How long to wait; as long as the flow says when not given.",
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            "--idempotency-key", help="A second call with it gets the first one's answer."
        ),
    ] = None,
    after: Annotated[
        str | None, typer.Option("--after", help="Call it later: `90`, `10m`, `2h`.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="MOMENT", help="Call it then: `2030-01-31T09:00:00Z`."),
    ] = None,
    cron: Annotated[
        str | None,
        typer.Option("--cron", metavar="EXPRESSION", help="Call it again and again: `0 9 * * 1`."),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option("--time-zone", help="That of the cron expression; UTC if not given."),
    ] = None,
    respond_to: Annotated[
        str | None,
        typer.Option(
            "--respond-to",
            metavar="JSON|@FILE|-",
            help="Have the answer brought to a response target, and do not wait for it.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Call a flow and print its answer as JSON; without one in time, say how to come back for it."""
    from wistro_cli.api import connect
    from wistro_cli.api.runs import as_mapping
    from wistro_cli.output import moment, say, show, show_json
    from wistro_cli.values import read_json

    with connect(context) as api:
        if call_id is not None:
            found = api.fetch_call(flow, call_id, wait=wait or 0)
        else:
            prefer = None if wait is None else f"wait={wait:.0f}"
            wanted = {"prefer": prefer, "idempotency-key": key}
            headers = {name: value for name, value in wanted.items() if value is not None}
            body = {"input": read_json(given, option="--input")}
            if respond_to is not None:
                body["respond_to"] = read_json(respond_to, option="--respond-to")
            when = {"after": after, "at": at, "cron": cron, "time_zone": time_zone}
            schedule = {name: value for name, value in when.items() if value is not None}
            if schedule:
                body["schedule"] = schedule
            found = api.call(flow, body, headers)
    called = as_mapping(found)
    if json:
        show_json(called)
    elif called["status"] == "answered":
        show_json(called["data"])
    elif called["status"] == "scheduled":
        show(str(called["call_id"]))
        say(
            f"called {moment(str(called['at']))}; `wistro calls cancel {called['call_id']}` takes it back"
        )
    else:
        show(str(called["call_id"]))
        say(
            f"no answer yet; ask again with `wistro call {flow} --id {called['call_id']} --wait 60`",
            style="dim",
        )
