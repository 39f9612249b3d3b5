"""The size of results: checked after encoding, because an answer that Temporal refuses is no answer.

A completion over 4 MB is refused by gRPC and the attempt ends only at its timeout; one over 2 MiB is
refused by the server. Neither error would name the step or the size.
"""

from __future__ import annotations

from collections.abc import Callable

from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter

from wistro.contract import ErrorInfo, StepResult
from wistro.values import json_size

PAYLOAD_LIMIT = 1_900_000
"""Bytes of an encoded payload; Temporal refuses more than 2 MiB."""
STORED_LIMIT = 64 * 1024 * 1024
"""Bytes of a result where external storage takes what Temporal does not."""
_OVERHEAD = 64 * 1024
"""More than an encoding can add to data that does not compress."""


class Oversized(Exception):
    """A result is too large to be recorded."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"{size:,} bytes, the limit is {limit:,}")
        self.size = size
        self.limit = limit


async def check_size(
    payload: Payload, converter: Callable[[], DataConverter], stored_limit: int = STORED_LIMIT
) -> None:
    """Check a converted result, before the SDK encodes and sends it.

    Args:
        payload: The result as JSON.
        converter: Gives one with the context of the run, so that its codec has the flow's key. Asked
            for large results only: it takes longer to make than a small result to encode.
        stored_limit: Bytes of a result where external storage takes what Temporal does not.

    Raises:
        Oversized: with the size that counts: of the encoded payload, or of the stored data.
    """
    size = len(payload.data)
    if size <= PAYLOAD_LIMIT - _OVERHEAD:
        return
    made = converter()
    if made.external_storage is not None:
        if size > stored_limit:
            raise Oversized(size, stored_limit)
        return
    encoded = (
        [payload] if made.payload_codec is None else await made.payload_codec.encode([payload])
    )
    if encoded[0].ByteSize() > PAYLOAD_LIMIT:
        raise Oversized(encoded[0].ByteSize(), PAYLOAD_LIMIT)


def oversized_error(step: str, result: StepResult, found: Oversized) -> ErrorInfo:
    """The error of a step with a result that is too large: it names the largest part."""
    parts = [(json_size(e.data), f"the message on `{e.topic}`") for e in result.emissions]
    parts += [
        (json_size(result.output), "what it returned"),
        (json_size(result.response), "its response"),
    ]
    size, part = max(parts)
    return ErrorInfo(
        code="result_too_large",
        message=f"the result of `{step}` has {found.size:,} bytes, the limit is {found.limit:,}; "
        f"the largest part is {part} with {size:,} bytes of JSON",
        type="ResultTooLarge",
        details={
            "size": found.size,
            "limit": found.limit,
            "hint": "store the content elsewhere and send its address, or raise `limits.message_size`",
        },
        retryable=False,
    )
