"""Decodes the payloads of a history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from temporalio.api.common.v1 import Payload
from temporalio.api.common.v1 import Payloads as PayloadsProto
from temporalio.api.failure.v1 import Failure
from temporalio.common import RawValue
from temporalio.converter import DataConverter

from wistro.contract import ErrorInfo
from wistro.temporal.workflows.results import Result, read_result

ValueT = TypeVar("ValueT")


class Payloads:
    """Decrypts and converts what a history holds."""

    def __init__(self, converter: DataConverter) -> None:
        self._converter = converter

    async def one(self, payloads: Sequence[Payload], hint: type[ValueT]) -> ValueT:
        """The first of the payloads as a `hint`."""
        (value,) = await self._converter.decode(payloads[:1], [hint])
        return value

    async def result(self, payloads: Sequence[Payload], of: type[Result]) -> Result | ErrorInfo:
        """The result of an activity, or what is wrong with it."""
        raw = await self.one(payloads, RawValue)
        return read_result(raw, of, self._converter.payload_converter)

    async def value(self, payloads: PayloadsProto) -> object:
        """The first of the payloads as plain data, or None when there is none."""
        if not payloads.payloads:
            return None
        values: list[object] = await self._converter.decode(payloads.payloads[:1])
        return values[0]

    async def failure(self, failure: Failure) -> BaseException:
        """The error that a failure describes."""
        return await self._converter.decode_failure(failure)
