"""`wistro access`: the API keys of those who call flows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wistro_cli.folder import RUNTIME, project_folder
from wistro_cli.help import GROUP_SETTINGS, Json, examples

if TYPE_CHECKING:
    from wistro.stores.api_keys import ApiKey, ApiKeyFile

app = typer.Typer(name="access", help="The API keys of those who call flows.", **GROUP_SETTINGS)

Name = Annotated[str, typer.Argument(help="The key's name, as rules and records have it.")]


@app.command(
    epilog=examples(
        ("wistro access create shop-frontend --scope call:refunds", "may call one flow"),
        ("wistro access create ci --scope 'call:*' --expires 90d", "may call all, for a while"),
        ("wistro access create desk --scope inbox --role agent", "may answer tasks of agents"),
    )
)
def create(
    context: typer.Context,
    name: Name,
    scope: Annotated[
        list[str],
        typer.Option("--scope", help="`call:*`, `call:<flow>` or `inbox`; may be given often."),
    ],
    role: Annotated[
        list[str] | None, typer.Option("--role", help="A role; may be given several times.")
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="TIME", help="Good for so long: `90d`, `12h`."),
    ] = None,
    json: Json = False,
) -> None:
    """Make a key and print it, once: only what proves it is kept. A server that runs accepts it."""
    from wistro_cli.output import say, show, show_json

    root = project_folder(context)
    _check(name, scope)
    _expect_unused(name, context)
    key, text = _file(context).create(
        name, scopes=scope, roles=role or (), expires_at=_expiry(expires)
    )
    if json:
        show_json({**_shown(key), "key": text})
        return
    say(f"the key `{name}` for `{root.name}`; it is not shown again:")
    show(text)


@app.command(
    "list",
    epilog=examples(
        ("wistro access list", "the keys that were made, and how long they are good for"),
    ),
)
def list_keys(context: typer.Context, json: Json = False) -> None:
    """List the keys that were made; their texts are never shown."""
    from wistro_cli.output import moment, show_json, show_table

    keys = _file(context).list()
    if json:
        show_json([_shown(key) for key in keys])
        return
    now = datetime.now(UTC)
    show_table(
        ["name", "id", "scopes", "roles", "created", "expires"],
        [
            [
                key.name,
                key.id,
                ", ".join(key.scopes),
                ", ".join(key.roles),
                moment(key.created_at),
                "expired" if key.expired(now) else moment(key.expires_at) or "never",
            ]
            for key in keys
        ],
    )


@app.command(epilog=examples(("wistro access revoke shop-frontend", "it opens nothing any more")))
def revoke(context: typer.Context, name: Name) -> None:
    """Take a key back, at once, on servers that run too."""
    from wistro_cli.output import say

    _file(context).revoke(name)
    say(f"the key `{name}` opens nothing any more")


def _file(context: typer.Context) -> ApiKeyFile:
    from wistro.stores.api_keys import FILE, ApiKeyFile

    return ApiKeyFile(project_folder(context) / RUNTIME / FILE)


def _check(name: str, scopes: list[str]) -> None:
    """Refuse what no settings could say either."""
    from wistro.access import KeyScope
    from wistro.project.auth_settings import KeyName

    _valid(name, KeyName, "NAME")
    for scope in scopes:
        _valid(scope, KeyScope, "--scope")


def _expect_unused(name: str, context: typer.Context) -> None:
    from wistro.errors import SetupError
    from wistro.project.settings import read_settings

    if name in read_settings(project_folder(context)).auth.keys:
        raise SetupError(
            f"`auth.keys` in `wistro.yml` has a key `{name}` already",
            code="key_exists",
            hint="choose another name",
        )


def _expiry(given: str | None) -> datetime | None:
    from wistro.options import Duration

    return None if given is None else datetime.now(UTC) + _valid(given, Duration, "--expires")


def _valid(value: str, form: Any, what: str) -> Any:
    from pydantic import TypeAdapter, ValidationError

    from wistro.errors import SetupError

    try:
        return TypeAdapter(form).validate_python(value)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise SetupError(f"`{what}`: {problem}", code="bad_option") from None


def _shown(key: ApiKey) -> dict[str, object]:
    return key.model_dump(mode="json", exclude={"digest"})
