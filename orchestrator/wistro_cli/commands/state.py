"""`wistro state`: the values that steps keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from wistro_cli.help import GROUP_SETTINGS, Json, examples

if TYPE_CHECKING:
    from wistro_cli.api import Api

app = typer.Typer(
    name="state", help="The values that the steps of a project keep.", **GROUP_SETTINGS
)

Group = Annotated[str, typer.Argument(help="The group.")]
Key = Annotated[str, typer.Argument(help="The key within the group.")]

_PAGE = 500


@app.command(epilog=examples(("wistro state groups", "the names of all groups")))
def groups(context: typer.Context, json: Json = False) -> None:
    """List the groups."""
    from wistro_cli.api import connect
    from wistro_cli.output import show, show_json

    with connect(context) as api:
        names = _all(api, "/state/groups", {})
    if json:
        show_json(names)
        return
    for name in names:
        show(str(name))


@app.command(
    "list",
    epilog=examples(
        ("wistro state list orders", "every entry of the group `orders`"),
        ("wistro state list orders --json", "with versions and times"),
    ),
)
def list_entries(context: typer.Context, group: Group, json: Json = False) -> None:
    """List the entries of a group."""
    from wistro_cli.api import connect
    from wistro_cli.output import compact, show_json, show_table

    with connect(context) as api:
        entries = cast("list[dict[str, object]]", _all(api, "/state/entries", {"group": group}))
    if json:
        show_json(entries)
        return
    show_table(["key", "value"], [[str(e["key"]), compact(e["value"], 200)] for e in entries])


@app.command(
    epilog=examples(
        ("wistro state get orders 7", "the value, as JSON"),
        ("wistro state get orders 7 --json", "with its version and time"),
    )
)
def get(context: typer.Context, group: Group, key: Key, json: Json = False) -> None:
    """Print a value as JSON; with `--json`, the whole entry."""
    from wistro_cli.api import connect
    from wistro_cli.api.runs import as_mapping
    from wistro_cli.output import show_json

    with connect(context) as api:
        entry = as_mapping(api.get("/state/entry", {"group": group, "key": key}))
    show_json(entry if json else entry["value"])


@app.command(
    "set",
    epilog=examples(
        ("wistro state set limits daily 100", "any JSON value"),
        ("wistro state set orders 7 @order.json", "from a file; `-` is stdin"),
        ("wistro state set orders 7 '{}' --if-version 3", "only over what you have seen"),
    ),
)
def set_entry(
    context: typer.Context,
    group: Group,
    key: Key,
    value: Annotated[str, typer.Argument(metavar="JSON|@FILE|-", help="The value; `-` is stdin.")],
    if_version: Annotated[
        int | None, typer.Option("--if-version", help="Only over the entry with this version.")
    ] = None,
    if_absent: Annotated[
        bool, typer.Option("--if-absent", help="Only when there is no entry.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a value."""
    from wistro_cli.api import connect
    from wistro_cli.api.runs import as_mapping
    from wistro_cli.output import say, show_json
    from wistro_cli.values import read_json

    body = {
        "value": read_json(value, option="VALUE"),
        "if_version": if_version,
        "if_absent": if_absent,
    }
    with connect(context) as api:
        entry = as_mapping(api.put("/state/entry", body, {"group": group, "key": key}))
    if json:
        show_json(entry)
    else:
        say(f"wrote `{key}` in `{group}`, version {entry['version']}")


@app.command(
    epilog=examples(
        ("wistro state delete orders 7", "one entry"),
        ("wistro state delete orders --all", "the group with all its entries"),
    )
)
def delete(
    context: typer.Context,
    group: Group,
    key: Annotated[str | None, typer.Argument(help="The key within the group.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All entries of the group.")] = False,
    json: Json = False,
) -> None:
    """Remove an entry, or a whole group."""
    from wistro.errors import SetupError
    from wistro_cli.api import connect
    from wistro_cli.api.runs import as_mapping
    from wistro_cli.output import say, show_json

    if (key is None) != everything:
        raise SetupError(
            f"expected either a key of the group `{group}` or `--all`",
            code="bad_usage",
            hint=f"`wistro state list {group}` shows its keys",
        )
    with connect(context) as api:
        if key is None:
            removed = as_mapping(api.delete("/state/entries", {"group": group}))
        else:
            removed = as_mapping(api.delete("/state/entry", {"group": group, "key": key}))
    if json:
        show_json(removed)
    else:
        number = cast("int", removed["removed"])
        say(f"removed {number} {'entry' if number == 1 else 'entries'}")


def _all(api: Api, path: str, query: dict[str, str]) -> list[object]:
    """The items of every page."""
    from wistro_cli.api.runs import as_mapping

    found: list[object] = []
    after: str | None = None
    while True:
        page = as_mapping(api.get(path, {**query, "after": after, "limit": _PAGE}))
        found += cast("list[object]", page["items"])
        after = cast("str | None", page["next"])
        if after is None:
            return found
