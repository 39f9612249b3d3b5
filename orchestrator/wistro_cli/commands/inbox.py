"""`wistro inbox`: look at the tasks that runs have for people, and answer them."""

from __future__ import annotations

from typing import Annotated

import typer

from wistro_cli.help import GROUP_SETTINGS, Json, examples

app = typer.Typer(
    name="inbox", help="Look at the tasks that wait for people, and answer them.", **GROUP_SETTINGS
)

Task = Annotated[
    str, typer.Argument(help="A task: its id, or the beginning of it.", show_default=False)
]
As = Annotated[
    str | None, typer.Option("--as", metavar="PERSON", help="In whose name, as they sign in.")
]


@app.command(
    "list",
    epilog=examples(
        ("wistro inbox list", "what waits for people, the oldest first"),
        ("wistro inbox list --assignee anna@shop.example", "what is assigned to her"),
        ("wistro inbox list --role finance --overdue", "what finance should have answered"),
        (
            "wistro inbox list --flow refunds --older-than 2d --json",
            "by flow and age, for programs",
        ),
    ),
)
def list_tasks(  # noqa: PLR0913, PLR0917 - filters
    context: typer.Context,
    assignee: Annotated[
        str | None, typer.Option("--assignee", help="Assigned to this person by name.")
    ] = None,
    role: Annotated[str | None, typer.Option("--role", help="Assigned to this role.")] = None,
    flow: Annotated[str | None, typer.Option("--flow", help="Only of this flow.")] = None,
    status: Annotated[
        str | None, typer.Option("--status", help="open (the default), closed or all.")
    ] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only those past their deadline.")
    ] = False,
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="TIME", help="Open for longer: `2d`.")
    ] = None,
    text: Annotated[
        str | None, typer.Option("--text", help="With this in their id, run, step or name.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 20,
    json: Json = False,
) -> None:
    """List tasks, those first that have waited longest."""
    from wistro_cli.api import connect
    from wistro_cli.api.tasks import list_tasks as found_tasks
    from wistro_cli.output import say, show_json

    wanted: dict[str, str | int | None] = {
        "assignee": assignee,
        "role": role,
        "flow": flow,
        "status": status,
        "overdue": "true" if overdue else None,
        "older_than": older_than,
        "text": text,
    }
    with connect(context) as api:
        tasks = found_tasks(api, wanted, limit)
    if json:
        show_json(tasks)
        return
    if not tasks:
        say("nothing waits for people" if status is None else "no tasks")
        return
    from wistro_cli.task_views import show_tasks

    show_tasks(tasks)


@app.command(epilog=examples(("wistro inbox show 5f1c", "what is asked, and what was said so far")))
def show(context: typer.Context, task: Task, json: Json = False) -> None:
    """Show a task: what is asked, how to answer, and what was said so far."""
    from wistro_cli.api import connect
    from wistro_cli.api.tasks import find_task
    from wistro_cli.output import show_json

    with connect(context) as api:
        found = find_task(api, task)
    if json:
        show_json(found)
        return
    from wistro_cli.task_views import show_task

    show_task(found)


@app.command(
    epilog=examples(
        ("wistro inbox answer 5f1c --as anna@shop.example", "asks for each field"),
        (
            "wistro inbox answer 5f1c --data '{\"approved\": true}' --as anna@shop.example",
            "says it all at once",
        ),
    )
)
def answer(
    context: typer.Context,
    task: Task,
    data: Annotated[
        str | None,
        typer.Option("--data", "-d", metavar="JSON|@FILE|-", help="The answer; `-` is stdin."),
    ] = None,
    comment: Annotated[str, typer.Option("--comment", help="What else there is to say.")] = "",
    by: As = None,
    json: Json = False,
) -> None:
    """Answer a task; without `--data`, a terminal asks for each field."""
    import sys

    from wistro.errors import SetupError
    from wistro_cli.api import connect
    from wistro_cli.api.tasks import find_task, path_of
    from wistro_cli.values import read_json

    with connect(context) as api:
        found = find_task(api, task)
        if data is not None:
            said = read_json(data, option="--data")
        elif sys.stdin.isatty() and found.status == "open":
            from wistro_cli.asking import ask_for
            from wistro_cli.task_views import show_task

            show_task(found.model_copy(update={"input": None}))
            said = ask_for(found.input)
        elif found.status == "open":
            raise SetupError(
                "expected the answer in `--data`: nobody sits at a terminal to be asked",
                code="bad_usage",
                hint=f"`wistro inbox show {found.id}` has the schema of an answer",
            )
        else:
            said = None  # it is refused, and said why
        body = {"data": said, "comment": comment, "by": by}
        done = api.post(path_of(found.id, "answer"), body)
    _tell(done, f"answered “{found.name}”", json=json)


@app.command(
    epilog=examples(
        ("wistro inbox comment 5f1c 'I have asked the bank.' --as anna", "all may read it")
    )
)
def comment(
    context: typer.Context,
    task: Task,
    text: Annotated[str, typer.Argument(help="What there is to say.")],
    by: As = None,
    json: Json = False,
) -> None:
    """Say something about a task without answering it."""
    from wistro_cli.api import connect
    from wistro_cli.api.tasks import find_task, path_of

    with connect(context) as api:
        found = find_task(api, task)
        done = api.post(path_of(found.id, "comments"), {"text": text, "by": by})
    _tell(done, f"commented on “{found.name}”", json=json)


@app.command(
    epilog=examples(
        ("wistro inbox reassign 5f1c --to bob@shop.example --as anna", "to one person"),
        ("wistro inbox reassign 5f1c --role finance --as anna", "to whoever has the role"),
    )
)
def reassign(
    context: typer.Context,
    task: Task,
    to: Annotated[list[str] | None, typer.Option("--to", help="A person; may be repeated.")] = None,
    role: Annotated[
        list[str] | None, typer.Option("--role", help="A role; may be repeated.")
    ] = None,
    by: As = None,
    json: Json = False,
) -> None:
    """Say anew who may answer a task: these people and roles, and nobody else."""
    from wistro_cli.api import connect
    from wistro_cli.api.tasks import find_task, path_of

    # Nobody at all would be everybody: that is not what a forgotten option means.
    body = None if not (to or role) else {"assignees": to or [], "roles": role or [], "by": by}
    if body is None:
        raise typer.BadParameter("give `--to`, `--role` or both")
    with connect(context) as api:
        found = find_task(api, task)
        done = api.post(path_of(found.id, "reassign"), body)
    _tell(
        done, f"reassigned “{found.name}” to {', '.join([*(to or []), *(role or [])])}", json=json
    )


@app.command(
    epilog=examples(
        ("wistro inbox link 5f1c --to carl@example.com", "for somebody who has no account")
    )
)
def link(
    context: typer.Context,
    task: Task,
    to: Annotated[str, typer.Option("--to", help="The person whom it is for.")],
    json: Json = False,
) -> None:
    """Print a link by which one person answers the task, once. Whoever has it is taken for them."""
    from wistro_cli.api import connect
    from wistro_cli.api.runs import as_mapping
    from wistro_cli.api.tasks import find_task, path_of
    from wistro_cli.output import show, show_json

    with connect(context) as api:
        found = find_task(api, task)
        made = as_mapping(api.post(path_of(found.id, "links"), {"to": to}))
    show_json(made) if json else show(str(made["url"]))


def _tell(done: object, text: str, *, json: bool) -> None:
    from wistro_cli.output import say, show_json

    show_json(done) if json else say(text)
