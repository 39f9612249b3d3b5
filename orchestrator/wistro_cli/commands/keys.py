"""`wistro keys`: the masters from which the keys of all flows are derived."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wistro_cli.folder import project_folder
from wistro_cli.help import GROUP_SETTINGS, Json, examples

if TYPE_CHECKING:
    from wistro_codec import KeyFile

app = typer.Typer(name="keys", help="The encryption keys of a project.", **GROUP_SETTINGS)


@app.command(
    "list",
    epilog=examples(("wistro keys list", "every master; the active one encrypts")),
)
def list_keys(context: typer.Context, json: Json = False) -> None:
    """List the masters; their secrets are never shown."""
    from wistro_cli.output import moment, show_json, show_table

    file = _key_file(project_folder(context))
    masters = file.ring.masters
    active = file.ring.active_master.id
    if json:
        show_json(
            [
                {"id": master.id, "created": master.created, "active": master.id == active}
                for master in masters
            ]
        )
        return
    show_table(
        ["master", "created", "used for"],
        [
            [m.id, moment(m.created), "writing and reading" if m.id == active else "reading"]
            for m in masters
        ],
    )


@app.command(
    epilog=examples(
        ("wistro keys rotate", "what is written from now on has a new key"),
        (
            "wistro keys rotate --inactive",
            "add it, give it to every host, then `wistro keys activate`",
        ),
    )
)
def rotate(
    context: typer.Context,
    inactive: Annotated[
        bool, typer.Option("--inactive", help="Only read with the new master for now.")
    ] = False,
    json: Json = False,
) -> None:
    """Add a master. What was written before stays readable: older masters are kept."""
    from wistro_cli.output import say, show_json

    file = _key_file(project_folder(context))
    master = file.rotate(activate=not inactive)
    if json:
        show_json({"id": master.id, "created": master.created, "active": not inactive})
    elif inactive:
        say(f"added the master `{master.id}` to `{file.path}`; it does not encrypt yet")
        say(f"when every host has the file: wistro keys activate {master.id}")
    else:
        say(f"the master `{master.id}` encrypts from now on; it is in `{file.path}`")


@app.command(
    epilog=examples(("wistro keys activate 3f2a91bc", "once every host has the master")),
)
def activate(
    context: typer.Context, master: Annotated[str, typer.Argument(help="The master's id.")]
) -> None:
    """Encrypt with another of the masters from now on."""
    from wistro_cli.output import say

    file = _key_file(project_folder(context))
    file.activate(master)
    say(f"the master `{master}` encrypts from now on")


@app.command(
    epilog=examples(
        ("wistro keys export --flow orders --to orders-keys.json", "for a worker of one flow"),
    )
)
def export(
    context: typer.Context,
    flow: Annotated[list[str], typer.Option("--flow", help="A flow; may be given several times.")],
    to: Annotated[
        Path, typer.Option("--to", help="The file to write; only its owner can read it.")
    ],
) -> None:
    """Write the keys of some flows, and nothing from which other flows' keys follow."""
    from wistro.errors import SetupError
    from wistro.project.apps import read_apps
    from wistro.project.settings import read_settings
    from wistro_cli.output import say
    from wistro_codec import write_keys

    root = project_folder(context)
    file = _key_file(root)
    if to.exists() and to.resolve() == file.path.resolve():
        raise SetupError(
            f"`{to}` is the project's own key file, which an export would replace",
            code="bad_target",
            hint="write the export to another file",
        )
    declared, apps = read_settings(root).flows, {app.id for app in read_apps(root)}
    own = [name for name in flow if name.partition(".")[0] not in apps]
    unknown = [name for name in own if declared and name not in declared]
    if unknown:
        known = ", ".join(f"`{name}`" for name in sorted(declared))
        raise SetupError(
            f"the project has no flow `{unknown[0]}`; its flows are {known}", code="flow_not_found"
        )
    write_keys(to, file.ring.export(flow))
    names = ", ".join(f"`{name}`" for name in flow)
    say(f"wrote the keys of {names} to `{to}`; start the worker with WISTRO_KEYS_FILE={to}")


def _key_file(root: Path) -> KeyFile:
    """The key file of the project, as `wistro start` finds it.

    Raises:
        CodecError: the keys come from `WISTRO_KEYS`, which cannot be changed here.
    """
    from wistro.project.settings import read_settings
    from wistro_codec import CodecError, KeyFile, load_keys

    found = load_keys(root / read_settings(root).encryption.key_file)
    if isinstance(found, KeyFile):
        return found
    raise CodecError(
        "The keys are in the variable WISTRO_KEYS; a file was expected.",
        code="key_file_missing",
        hint="unset WISTRO_KEYS, and name a file in WISTRO_KEYS_FILE",
    )
