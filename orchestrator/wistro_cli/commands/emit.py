"""`wistro emit`: a message from outside."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from wistro_cli.help import Json, examples


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            ("wistro emit order.placed --message '{\"id\": 7}'", "to every flow that subscribes"),
            ("wistro emit order.placed -m @order.json", "the message from a file"),
            ("wistro emit order.placed -m - --idempotency-key 7 < order.json", "safe to repeat"),
            ("wistro emit reminder.due -m '{}' --after 10m", "the runs start ten minutes later"),
        )
    )(emit)


def emit(
    context: typer.Context,
    topic: Annotated[str, typer.Argument(help="The topic.")],
    message: Annotated[
        str,
        typer.Option("--message", "-m", metavar="JSON|@FILE|-", help="The message; `-` is stdin."),
    ] = "null",
    key: Annotated[
        str | None,
        typer.Option(
            "--idempotency-key", help="A second message with it finds the first one's runs."
        ),
    ] = None,
    after: Annotated[
        str | None, typer.Option("--after", help="Start the runs later: `90`, `10m`, `2h`.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Start them at a moment: `2030-01-31T09:00:00Z`.")
    ] = None,
    json: Json = False,
) -> None:
    """Emit a message on a topic: it starts a run in every flow that subscribes, and reaches those that wait."""
    from wistro_cli.api import connect
    from wistro_cli.api.runs import as_mapping
    from wistro_cli.output import say, show, show_json
    from wistro_cli.values import read_json

    wanted = {"idempotency-key": key, "wistro-delay": after, "wistro-at": at}
    headers = {name: value for name, value in wanted.items() if value is not None}
    data = read_json(message, option="--message")
    with connect(context) as api:
        published = as_mapping(api.publish(topic, data, headers))
    if json:
        show_json(published)
        return
    for run in cast("list[dict[str, object]]", published["runs"]):
        known = "  (it existed already)" if run.get("existed") else ""
        show(f"{run['flow']}/{run['run_id']}{known}")
    for run in cast("list[dict[str, object]]", published.get("reached", ())):
        show(f"{run['flow']}/{run['run_id']}  (it waited for this)")
    if published.get("kept"):
        say("kept for a run that will wait for it", style="dim")
    say(f"emitted on `{topic}`; follow a run with `wistro runs logs RUN --follow`", style="dim")
