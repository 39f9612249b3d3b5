"""What a discoverer of another language prints: each step file's config, as it is written there.

Python makes the descriptors from it, so that the rules of configs, their errors and their suggestions
are the same in every language. `workers/contract` describes the document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, cast

from pydantic import Field, ValidationError
from pydantic_core import from_json

from wistro.contract import CONTRACT_VERSION
from wistro.errors import Issue, SetupError
from wistro.issues import issues_of
from wistro.project.descriptor import LoadError, Record

ForeignLanguage: TypeAlias = Literal["node", "go"]
"""A language whose step files Python cannot load itself; `node` is TypeScript and JavaScript."""


class DeclaredStep(Record):
    """A step file that loads."""

    path: str = Field(min_length=1)
    """Relative to the project, with `/`."""
    config: Mapping[str, object]
    """Its config as JSON: schemas are JSON Schemas, in camelCase or snake_case, without `middleware`."""
    has_handler: bool
    """Whether there is something to run: a noop has nothing, any other step must."""
    hash: str = Field(min_length=1)
    """Of the file, the project's modules that it imports, and the files it includes."""
    line: int | None = Field(default=None, ge=1)
    """Where the config stands in the file, counted from 1."""


class DeclaredStream(Record):
    """A stream file that loads."""

    path: str = Field(min_length=1)
    """Relative to the project, with `/`."""
    config: Mapping[str, object]
    """Its config as JSON: `name`, `schema`, `baseConfig`."""
    has_access: bool = False
    """Whether it has a function that says who may read it."""
    hash: str = Field(min_length=1)
    """Of the file, the project's modules that it imports, and the files it includes."""


class Declared(Record):
    """The step and stream files of one language: those that load, and those that do not."""

    version: Literal[1]
    """The version of the worker contract."""
    language: ForeignLanguage
    steps: tuple[DeclaredStep, ...] = ()
    streams: tuple[DeclaredStream, ...] = ()
    errors: tuple[LoadError, ...] = ()
    """The files that do not load, and why."""


def read_declared(document: str | bytes) -> Declared:
    """Read what a discoverer printed.

    Raises:
        SetupError: it is no declaration, or one of another version of the contract.
    """
    try:
        content: object = from_json(document)
    except ValueError as error:
        raise _bad(f"it is not JSON ({error})") from None
    table = cast("Mapping[str, object]", content if isinstance(content, dict) else {})
    if table.get("version") != CONTRACT_VERSION:
        raise SetupError(
            f"the discoverer speaks version `{table.get('version')}` of the worker contract, expected "
            f"`{CONTRACT_VERSION}`",
            code="contract_version",
            hint="install Wistro's packages for all languages in the same release",
        )
    try:
        return Declared.model_validate_json(document)
    except ValidationError as error:
        issues = issues_of(error, Declared, table)
        raise _bad("; ".join(issue.message for issue in issues), issues) from error


def _bad(why: str, issues: Sequence[Issue] = ()) -> SetupError:
    return SetupError(
        f"the discoverer printed no declaration: {why}",
        code="bad_declaration",
        hint="`workers/contract` says what it prints",
        issues=issues,
    )
