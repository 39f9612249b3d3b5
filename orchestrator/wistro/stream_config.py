"""Stream configs: what stands in a stream file. The dicts of Motia's stream files are valid as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from wistro.errors import SetupError
from wistro.issues import issues_of
from wistro.options import Options, matching
from wistro.schemas import SchemaSource, json_schema

StreamName = Annotated[
    str,
    *matching(r"[A-Za-z][A-Za-z0-9_-]{0,99}", "a name of up to 100 letters, digits, `_` and `-`"),
]
"""Letters, digits, `_` and `-`, a letter first: handlers write `ctx.streams.<name>`."""


def _check_storage(value: object) -> object:
    if value == "custom":
        raise ValueError(
            "a storage of your own is not possible: items are kept beside the project's state"
        )
    return value


def _check_object(source: SchemaSource) -> SchemaSource:
    kind = json_schema(source).get("type", "object")
    if kind != "object":
        raise ValueError(f"expected the schema of an object, found that of `{kind}`")
    return source


class StreamStorage(Options):
    """Where a stream's items are kept, in Motia's words."""

    storage_type: Annotated[Literal["default", "state"], BeforeValidator(_check_storage)] = (
        "default"
    )
    """Both words mean the same: beside the project's state."""


class StreamConfig(Options):
    """A stream: items by group and id, which clients follow live."""

    name: StreamName
    """What handlers and clients call it."""
    description: str | None = None
    """What it shows, for people who do not program."""
    item: Annotated[SchemaSource, AfterValidator(_check_object)] | None = Field(
        default=None, alias="schema"
    )
    """The schema of its items, `schema` in dicts; without one, any object."""
    base_config: StreamStorage = StreamStorage()
    """Where the items are kept."""
    access: Literal["public", "token"] | None = None
    """Who may subscribe: everybody, or holders of a token. Unsaid, it is `public` under `wistro dev` and
    `token` otherwise."""
    can_access: Annotated[Callable[..., object] | None, Field(exclude=True)] = None
    """A function `(subscription, context)` that decides who may subscribe, instead of `access`."""


def parse_stream(config: object, *, file: str | Path | None = None) -> StreamConfig:
    """Reads a stream file's `config`: our model, or a dict as Motia's stream files have it.

    Raises:
        SetupError: it names `file` and, in its issues, each field that is wrong.
    """
    if isinstance(config, StreamConfig):
        return config
    if not isinstance(config, Mapping):
        raise SetupError(
            f"`config` is a `{type(config).__name__}`, expected a stream config or a dict",
            code="bad_config",
            hint="write `config = StreamConfig(name=…, schema=…)`",
            file=file,
        )
    table = dict(cast("Mapping[str, object]", config))
    try:
        return StreamConfig.model_validate(table)
    except ValidationError as error:
        raise stream_error(error, value=table, file=file) from error


def stream_error(
    error: ValidationError,
    *,
    value: object = None,
    file: str | Path | None = None,
    line: int | None = None,
) -> SetupError:
    """The error of a config that `StreamConfig` refuses."""
    issues = issues_of(error, StreamConfig, value)
    return SetupError(
        f"`config` is not a valid stream: {'; '.join(issue.message for issue in issues)}",
        code="bad_config",
        hint=next((issue.hint for issue in issues if issue.hint), None),
        file=file,
        line=line,
        issues=issues,
    )
