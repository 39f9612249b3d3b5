"""`wistro answers`: answers of callable flows on their way to response targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, cast

import typer

from wistro_cli.help import GROUP_SETTINGS, Json, examples

if TYPE_CHECKING:
    from wistro_cli.api import Api

app = typer.Typer(
    name="answers",
    help="Look at answers on their way to response targets, and have them delivered again.",
    **GROUP_SETTINGS,
)

Run = Annotated[str, typer.Argument(help="The run: its id, the beginning of it, or `flow/id`.")]
_LARGEST_PAGE = 500


@app.command(
    "list",
    epilog=examples(
        ("wistro answers list", "the latest, newest first"),
        ("wistro answers list --status undelivered", "those that nothing is tried for any more"),
        ("wistro answers list --flow refunds --json", "for programs"),
    ),
)
def list_answers(
    context: typer.Context,
    flow: Annotated[str | None, typer.Option("--flow", help="Only of this flow.")] = None,
    status: Annotated[
        str | None, typer.Option("--status", help="pending, delivered or undelivered.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 20,
    json: Json = False,
) -> None:
    """List answers, newest first."""
    from wistro_cli.api import connect
    from wistro_cli.output import moment, say, show_json, show_table

    with connect(context) as api:
        answers = _pages(api, {"flow": flow, "status": status}, limit)
    if json:
        show_json(answers)
    elif not answers:
        say("no answers")
    else:
        columns = ["run", "number", "target", "status", "given"]
        show_table(columns, [_row(each, moment(str(each["started_at"]))) for each in answers])


@app.command(
    epilog=examples(
        ("wistro answers show 9f3a2c1b", "how its delivery stands, with every attempt"),
        ("wistro answers show refunds/9f3a2c1b --json", "for programs"),
    )
)
def show(context: typer.Context, run: Run, json: Json = False) -> None:
    """Show the answers of a run, with every attempt to deliver them."""
    from wistro_cli.api import connect
    from wistro_cli.output import show_json

    with connect(context) as api:
        answers = _mappings(_mapping(api.get(_path(api, run)))["answers"])
    if json:
        show_json(answers)
        return
    for each in answers:
        _show(each)


@app.command(
    epilog=examples(
        ("wistro answers redeliver 9f3a2c1b", "to where it was meant to go"),
        ("wistro answers redeliver 9f3a2c1b --number 2", "the second of several answers"),
        (
            'wistro answers redeliver 9f3a2c1b --respond-to \'{"target": "channel", "user": "anna"}\'',
            "to somewhere else",
        ),
    )
)
def redeliver(
    context: typer.Context,
    run: Run,
    number: Annotated[
        int | None, typer.Option("--number", min=1, help="Which of several answers.")
    ] = None,
    respond_to: Annotated[
        str | None,
        typer.Option("--respond-to", metavar="JSON|@FILE|-", help="Where to, if elsewhere."),
    ] = None,
    json: Json = False,
) -> None:
    """Have an answer delivered again now, with the same delivery id; even one that arrived."""
    from wistro_cli.api import connect
    from wistro_cli.output import say, show_json
    from wistro_cli.values import read_json

    wanted: dict[str, object] = {"number": number}
    if respond_to is not None:
        wanted["respond_to"] = read_json(respond_to, option="--respond-to")
    with connect(context) as api:
        found = _mapping(api.post(f"{_path(api, run)}/redeliver", wanted))
    if json:
        show_json(found)
    else:
        say(f"`{found['id']}` is on its way to `{found['target']}` again")


def _path(api: Api, run: str) -> str:
    """The answers of a run; named in full, even one that Temporal has forgotten."""
    from wistro_cli.api.client import quote
    from wistro_cli.api.runs import find_run

    flow, slash, run_id = run.rpartition("/")
    if not slash:
        found = find_run(api, run)
        flow, run_id = found.flow, found.run_id
    return f"/answers/{quote(flow)}/{quote(run_id)}"


def _pages(api: Api, wanted: Mapping[str, str | None], limit: int) -> list[Mapping[str, object]]:
    answers: list[Mapping[str, object]] = []
    cursor: str | None = None
    while True:
        page = {"limit": min(limit - len(answers), _LARGEST_PAGE), "cursor": cursor}
        found = _mapping(api.get("/answers", {**wanted, **page}))
        answers += _mappings(found["answers"])
        cursor = cast("str | None", found["next_cursor"])
        if cursor is None or len(answers) >= limit:
            return answers


def _row(answer: Mapping[str, object], given: str) -> list[str]:
    run, number = f"{answer['flow']}/{answer['run_id']}", answer["number"]
    count = "" if number is None else str(number)
    return [run, count, str(answer["target"]), str(answer["status"]), given]


def _show(answer: Mapping[str, object]) -> None:
    from wistro_cli.output import compact, moment, seconds, show_table
    from wistro_cli.output import show as line

    line(f"{answer['id']}  {answer['status']}", style="bold")
    line(f"  {answer['answer']}, for the target `{answer['target']}` {compact(answer['address'])}")
    if answer["next_attempt_at"] is not None:
        line(f"  next attempt at {moment(str(answer['next_attempt_at']))}")
    attempts = [
        [
            moment(str(each["at"])),
            str(each["outcome"]),
            "" if each["status_code"] is None else str(each["status_code"]),
            seconds(cast("float", each["seconds"])),
            str(each["message"]),
        ]
        for each in _mappings(answer["attempts"])
    ]
    show_table(["at", "outcome", "code", "took", "message"], attempts)


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value)


def _mappings(value: object) -> list[Mapping[str, object]]:
    return cast("list[Mapping[str, object]]", value)
