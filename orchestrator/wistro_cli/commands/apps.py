"""`wistro apps`: the apps that are installed in a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from wistro_cli.folder import project_folder
from wistro_cli.help import GROUP_SETTINGS, Json, examples

if TYPE_CHECKING:
    from wistro.project import Lock, Project
    from wistro.project.lock import AppLock

app = typer.Typer(
    name="apps",
    help="Apps: flows that come as a folder, in `apps/<name>/`.",
    epilog=examples(
        ("wistro apps install https://example.com/refunds.git", "from a git repository"),
        ("wistro apps list", "what is installed"),
        ("wistro apps remove refunds", "and gone"),
    ),
    **GROUP_SETTINGS,
)

_Name = Annotated[str, typer.Argument(help="The app's name.")]


@app.command(
    "list",
    epilog=examples(
        ("wistro apps list", "name, version, and the flow that is called by the app's name"),
        ("wistro apps list --json", "the same for programs"),
    ),
)
def list_apps(context: typer.Context, json: Json = False) -> None:
    """List the apps."""
    from wistro_cli.output import say, show_json, show_table

    apps = _lock(context).apps
    if json:
        show_json([_document(id, each) for id, each in apps.items()])
    elif apps:
        rows = [
            (id, each.version or "", str(len(each.flows)), each.callable or "", each.name)
            for id, each in apps.items()
        ]
        show_table(("APP", "VERSION", "FLOWS", "CALLS", "NAME"), rows)
    else:
        say("no apps are installed; `wistro apps install` brings one", style="dim")


@app.command(epilog=examples(("wistro apps show refunds", "its flows, and what starts them")))
def show(context: typer.Context, name: _Name, json: Json = False) -> None:
    """Show an app and its flows."""
    from wistro.project import Project
    from wistro.project.appinstall import find_app
    from wistro_cli.output import show as line
    from wistro_cli.output import show_json, show_table

    project = Project.open(project_folder(context))
    find_app(project, name)
    lock = _compile(project)
    found = lock.apps[name]
    if json:
        steps = [id for id, step in lock.steps.items() if step.app == name]
        show_json({**_document(name, found), "steps": steps})
        return
    line(found.name + (f", version {found.version}" if found.version else ""))
    if found.description:
        line(found.description)
    if found.callable:
        line(f"`wistro call {name}` calls `{found.callable}`", style="dim")
    flows = [(id, lock.flows[id]) for id in found.flows]
    show_table(
        ("FLOW", "NAME", "STARTED BY"),
        [(id, flow.name, ", ".join((*flow.triggers, *flow.entry_topics))) for id, flow in flows],
    )


@app.command(
    epilog=examples(
        ("wistro apps install ../refunds", "from a folder"),
        ("wistro apps install refunds-1.2.0.tar.gz --force", "another release of it"),
        ("wistro apps install https://example.com/refunds.git#v1.2.0", "a tag of a repository"),
        ("wistro apps install refunds.zip --name returns", "under another name"),
    )
)
def install(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(help="A folder, a `.zip`, a `.tar.gz`, or a git repository."),
    ],
    name: Annotated[
        str | None,
        typer.Option("--name", help="What to call it; after its source when not given."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the app that has the name.")
    ] = False,
    json: Json = False,
) -> None:
    """Install an app. Its code runs with the project's rights: install what you trust."""
    from wistro.project import Project
    from wistro.project.appinstall import install_app
    from wistro_cli.output import say, show_json

    project = Project.open(project_folder(context))
    done = install_app(project, source, name=name, force=force, progress=say)
    if json:
        show_json({**_document(done.id, done.app), "replaced": done.replaced})
        return
    version = f" {done.app.version}" if done.app.version else ""
    flows = ", ".join(f"`{flow}`" for flow in done.app.flows) or "none"
    say(f"{'replaced' if done.replaced else 'installed'} `{done.id}`{version}; its flows: {flows}")
    if done.app.callable:
        say(f"`wistro call {done.id}` calls `{done.app.callable}`", style="dim")
    _say_stale(project)


@app.command(
    epilog=examples(
        ("wistro apps remove refunds", "after a question"),
        ("wistro apps remove refunds --yes", "without one, for scripts"),
    )
)
def remove(
    context: typer.Context,
    name: _Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Remove it though something needs it.")
    ] = False,
    json: Json = False,
) -> None:
    """Remove an app. Its schedules end with the next start; runs on their way lose its steps."""
    from wistro.project import Project
    from wistro.project.appinstall import find_app, remove_app
    from wistro_cli.output import say, show_json

    project = Project.open(project_folder(context))
    folder = find_app(project, name).path
    if not yes:
        typer.confirm(f"Delete `{folder}` with all that is in it?", abort=True, err=True)
    done = remove_app(project, name, force=force, progress=say)
    if json:
        show_json({"id": name, "flows": done.flows, "dependents": done.dependents})
        return
    say(f"removed `{name}`")
    for each in done.dependents:
        say(f"  broken by it: {each}", style="yellow")
    say("runs on their way go on by their plan, and fail at a step of it: its code is gone")
    _say_stale(project)


def _lock(context: typer.Context) -> Lock:
    from wistro.project import Project

    return _compile(Project.open(project_folder(context)))


def _compile(project: Project) -> Lock:
    """The project as its files are now; what is wrong with them, `wistro check` says."""
    from wistro_cli.output import say

    return project.compile(project.discover(progress=say)).lock


def _document(id: str, app: AppLock) -> dict[str, object]:
    return {"id": id, **app.model_dump(mode="json")}


def _say_stale(project: Project) -> None:
    from wistro_cli.output import say

    if project.lock_path.is_file():
        say(f"`{project.lock_path.name}` is stale now: run `wistro lock`", style="dim")
