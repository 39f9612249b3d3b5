"""Invocations that this worker cannot take: those of a later contract, and those it cannot read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic_core import from_json

from wistro.contract import CONTRACT_VERSION, Invocation
from wistro.errors import InvalidMessage, Retryable
from wistro_worker.shapes import shape_of


def read_invocation(text: bytes) -> Invocation:
    """The invocation in JSON; slower than the SDK's converter, and it says what is wrong.

    Raises:
        Retryable: `contract_version` or `bad_invocation`: another worker may be able to take it.
    """
    try:
        wire: object = from_json(text)
    except ValueError as error:
        raise _unreadable(f"The invocation is not JSON: {error}") from None
    # Before anything else: a later version may look different altogether.
    if isinstance(version := _version(wire), int):
        check_version(version)
    try:
        return cast("Invocation", _INVOCATION.load(wire, "The invocation"))
    except InvalidMessage as error:
        raise _unreadable(error.message, error.details) from None


def check_version(version: int) -> None:
    """Refuse an invocation of a version that this worker does not know.

    Raises:
        Retryable: `contract_version`: a newer worker may take it.
    """
    if version > CONTRACT_VERSION:
        raise Retryable(
            f"The engine speaks version {version} of the worker contract, "
            f"this worker version {CONTRACT_VERSION}",
            code="contract_version",
            hint="update the worker",
        )


_INVOCATION = shape_of(Invocation)


def _version(wire: object) -> object:
    return cast("dict[str, object]", wire).get("version") if isinstance(wire, dict) else None


def _unreadable(why: str, details: Mapping[str, object] | None = None) -> Retryable:
    return Retryable(
        why,
        code="bad_invocation",
        hint="update the engine and the workers to the same release",
        details=details,
    )
