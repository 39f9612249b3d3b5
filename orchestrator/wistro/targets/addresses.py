"""Addresses of the built-in targets: read, and refused with the field that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from wistro.errors import InvalidMessage, Issue
from wistro.issues import issues_of
from wistro.options import Options
from wistro.targets.interface import Asked

AddressT = TypeVar("AddressT", bound=Options)


def read_address(model: type[AddressT], address: Mapping[str, object], target: str) -> AddressT:
    """An address as `model`.

    Raises:
        InvalidMessage: it is not one; each issue names its field.
    """
    try:
        return model.model_validate(address)
    except ValidationError as error:
        raise refuse(target, *issues_of(error, model, address)) from None


def refuse(target: str, *issues: Issue) -> InvalidMessage:
    """The error about an address of `target`."""
    return InvalidMessage(
        f"the address for the target `{target}` is not right: {issues[0].message}",
        issues=issues,
        hint=issues[0].hint or "`details` says what is wrong with each field",
    )


def expect_insider(target: str, field: str, asked: Asked, *, external: bool) -> None:
    """Messages into flows come from those who belong to the project, and on `external` topics from keys.

    Raises:
        InvalidMessage: the caller is somebody else.
    """
    kind = asked.identity.kind
    if asked.development or asked.identity.trusted or kind in ("flow", "app"):
        return
    if external and kind == "key":
        return
    raise refuse(
        target,
        Issue(
            field=field,
            message=f"`{field}`: `{asked.identity}` may not send messages into flows",
            hint="holders of the management token may, and API keys on topics that are `external`",
        ),
    )
