"""The receiver of spans: OTLP over HTTP, from the project's own processes.

https://opentelemetry.io/docs/specs/otlp/#otlphttp: protobuf or JSON, plain or gzip. A request with spans
that cannot be kept is answered in part; one that comes while too much is being read is asked to come again.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import structlog
from fastapi import APIRouter, Request, Response
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from wistro.errors import StoreError
from wistro.stores.spans import SpanStore
from wistro_codec.errors import CodecError
from wistro_triggers.otlp_spans import parse_json, parse_protobuf, spans_of

PATH = "/otlp/v1/traces"
MAX_SENT = 8 * 1024 * 1024
"""The bound on a request's body, as it travels."""
MAX_BODY = 16 * 1024 * 1024
"""The bound on a request's body once it is unpacked."""
_AT_ONCE = 4
"""Requests that are read at the same time: each may hold `MAX_BODY` several times over."""
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"

VerifyTraceToken: TypeAlias = Callable[[str], None]
"""Raises `CodecError` when a token is not genuine."""

_log = structlog.stdlib.get_logger("wistro.traces")


@dataclass
class _Refused(Exception):
    """Why a request gets no spans kept."""

    status: int
    code: int
    message: str


def otlp_router(store: SpanStore, verify: VerifyTraceToken) -> APIRouter:
    """The route that exporters post to.

    Args:
        store: Where the spans go.
        verify: Proves the token that a request shows.
    """
    router = APIRouter(include_in_schema=False)
    under_way = asyncio.Semaphore(_AT_ONCE)

    @router.post(PATH)
    async def receive(request: Request) -> Response:
        """Keep the spans of a request."""
        json = _is_json(request)
        try:
            _check_token(request, verify)
            _check_room(under_way)
            async with under_way:
                return _answer(await _keep(request, store, json=json), json=json)
        except _Refused as refused:
            status = Status(code=refused.code, message=refused.message)
            return _answer(status, json=json, status=refused.status)

    return router


async def _keep(request: Request, store: SpanStore, *, json: bool) -> ExportTraceServiceResponse:
    raw = _unpacked(request, await _body(request))
    try:
        # Reading thousands of spans takes a while: other requests go on meanwhile.
        found = await asyncio.to_thread(
            lambda: spans_of((parse_json if json else parse_protobuf)(raw))
        )
    except (DecodeError, json_format.ParseError, ValueError, RecursionError) as error:
        message = f"The body is no `ExportTraceServiceRequest`: {str(error)[:200]}"
        raise _Refused(400, code_pb2.INVALID_ARGUMENT, message) from None
    refused, reason = found.refused, "spans without a valid id, name or time"
    try:
        full = await store.append(found.spans)
    except StoreError as error:
        _log.warning("spans were not kept", spans=len(found.spans), error=error.message)
        raise _Refused(503, code_pb2.UNAVAILABLE, error.message) from None
    answer = ExportTraceServiceResponse()
    if full:
        refused, reason = refused + full, "traces that have too many spans"
    if refused:
        answer.partial_success.rejected_spans = refused
        answer.partial_success.error_message = f"not kept: {reason}"
    return answer


def _check_room(under_way: asyncio.Semaphore) -> None:
    if under_way.locked():
        raise _Refused(503, code_pb2.UNAVAILABLE, "Too many spans come at once.")


def _check_token(request: Request, verify: VerifyTraceToken) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        verify(token if scheme.lower() == "bearer" else "")
    except CodecError as error:
        message = f"{error.message} hint: {error.hint}"
        raise _Refused(401, code_pb2.UNAUTHENTICATED, message) from None


async def _body(request: Request) -> bytes:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_SENT:
            raise _too_large(MAX_SENT)
    return bytes(raw)


def _unpacked(request: Request, raw: bytes) -> bytes:
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding == "identity":
        return raw
    if encoding not in ("gzip", "deflate"):
        message = (
            f"A body that is plain, `gzip` or `deflate` was expected, found `{encoding[:40]}`."
        )
        raise _Refused(415, code_pb2.INVALID_ARGUMENT, message)
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | (16 if encoding == "gzip" else 0))
    try:
        unpacked = unpacking.decompress(raw, MAX_BODY)
    except zlib.error as error:
        message = f"The body is not `{encoding}`: {error}"
        raise _Refused(400, code_pb2.INVALID_ARGUMENT, message) from None
    if unpacking.unconsumed_tail:
        raise _too_large(MAX_BODY)
    if not unpacking.eof:
        raise _Refused(400, code_pb2.INVALID_ARGUMENT, f"The `{encoding}` body is cut off.")
    return unpacked


def _too_large(limit: int) -> _Refused:
    message = f"The body has more than {limit:,} bytes. hint: export smaller batches (`OTEL_BSP_MAX_EXPORT_BATCH_SIZE`)."
    return _Refused(413, code_pb2.INVALID_ARGUMENT, message)


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == _JSON


def _answer(message: Message, *, json: bool, status: int = 200) -> Response:
    """In the form that the request had."""
    content: Any = json_format.MessageToJson(message) if json else message.SerializeToString()
    headers = {"retry-after": "1"} if status == 503 else None
    media_type = _JSON if json else _PROTOBUF
    return Response(content, status_code=status, media_type=media_type, headers=headers)
