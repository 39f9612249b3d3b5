"""The codec server: lets the Temporal UI and CLI read what the reader may read.

It speaks Temporal's codec server protocol (`SPEC.md` section 7). Importing this module loads
FastAPI, which is why the package does not re-export it.
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from fastapi import APIRouter, Request, Response
from google.protobuf.json_format import MessageToDict, Parse, ParseError
from starlette.requests import HTTPConnection
from temporalio.api.common.v1 import Payload, Payloads

from wistro_codec.errors import CodecError, CodecErrorCode
from wistro_codec.keys import PROJECT_FLOW, KeyId
from wistro_codec.payload import WistroCodec, is_sealed, key_id_of
from wistro_codec.storage import Resolve, is_reference

FLOW_HEADER = "x-wistro-flow"
"""Names the flow that `/encode` encrypts for; the protocol itself has no word for it."""
MAX_BODY = 16 * 1024 * 1024

_ALLOWED_HEADERS = f"content-type, x-namespace, authorization, authorization-extras, {FLOW_HEADER}"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# The errors that a reader can do something about. The text of all others names keys and folders of
# this process: that goes to the log, and the reader gets a code and a number to ask about.
_TOLD: dict[CodecErrorCode, int] = {
    "body_invalid": 400,
    "body_too_large": 413,
    "forbidden": 403,
    "payload_too_large": 413,
    "unauthorized": 401,
}
_UNTOLD_STATUS = 422
_logger = logging.getLogger(__name__)


class Reader(Protocol):
    """Someone who has been let in."""

    def may_read(self, flow: str) -> bool:
        """Whether they may see the payloads of a flow in clear."""
        ...


Authenticate = Callable[[Request], Awaitable[Reader | None]]
"""Finds out who sends a request; None turns them away."""


class ReadsAll:
    """A reader of every flow."""

    def may_read(self, flow: str) -> bool:  # noqa: ARG002 - every flow
        """Always."""
        return True


def bearer_token(token: str, reader: Reader | None = None) -> Authenticate:
    """Let in whoever sends a token in the `Authorization` header.

    Args:
        token: The token; it must not be empty.
        reader: What the holder may read; by default everything.
    """
    if not token:
        raise ValueError("a bearer token must not be empty")
    expected = f"Bearer {token}".encode()
    let_in = reader or ReadsAll()

    async def authenticate(request: Request) -> Reader | None:
        given = request.headers.get("authorization", "").encode()
        return let_in if hmac.compare_digest(given, expected) else None

    return authenticate


def loopback(otherwise: Authenticate) -> Authenticate:
    """Let in whoever is on this machine: for development, where the UI cannot send a token.

    The host that the request names must be this machine as well, or any web page could reach the
    server by pointing its own name here (DNS rebinding).

    Args:
        otherwise: Decides about everyone else.
    """

    async def authenticate(request: Request) -> Reader | None:
        return ReadsAll() if is_near(request) else await otherwise(request)

    return authenticate


def is_near(request: HTTPConnection) -> bool:
    """Whether a request comes from this machine, by no proxy, and names this machine."""
    near = request.client is not None and request.client.host in _LOOPBACK
    # A proxy on this machine makes strangers look near.
    proxied = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return near and not proxied and request.url.hostname in _LOOPBACK


async def decode(
    codec: WistroCodec, payloads: Sequence[Payload], reader: Reader, resolve: Resolve | None = None
) -> list[Payload]:
    """Decrypt payloads for a reader.

    Args:
        codec: Decrypts.
        payloads: Sealed payloads, plain ones, and references to stored ones.
        reader: Must be allowed to read the flow of every sealed one.
        resolve: Fetches what references stand for; None leaves them as they are.

    Raises:
        CodecError: `forbidden`, or as the codec and the storage do.
    """
    found: list[Payload] = []
    for payload in payloads:
        if resolve is None or not is_reference(payload):
            found.append(payload)
            continue
        stored = await resolve(payload)
        # Nothing says whose a plain file is, so no one can be allowed to read it.
        if not is_sealed(stored):
            raise CodecError(
                "The stored payload is not encrypted; only encrypted ones are shown.",
                code="storage_corrupt",
                hint="external storage must be applied after the codec",
            )
        found.append(stored)
    for payload in found:
        if is_sealed(payload):
            _allow(reader, KeyId.parse(key_id_of(payload)).flow)
    return await codec.decode(found)


async def encode(
    codec: WistroCodec, payloads: Sequence[Payload], reader: Reader, flow: str = PROJECT_FLOW
) -> list[Payload]:
    """Encrypt payloads with the key of a flow that the reader may read.

    Raises:
        CodecError: `forbidden`, or as the codec does.
    """
    _allow(reader, flow)
    return await codec.for_flow(flow).encode(payloads)


def codec_router(
    codec: WistroCodec,
    *,
    authenticate: Authenticate,
    origins: Iterable[str] = (),
    resolve: Resolve | None = None,
    max_body: int = MAX_BODY,
) -> APIRouter:
    """Make the routes `/encode`, `/decode` and `/download`.

    Args:
        codec: Encrypts and decrypts.
        authenticate: Lets readers in; see `bearer_token` and `loopback`.
        origins: The exact origins whose pages may ask, such as `http://localhost:8233`.
        resolve: Fetches externally stored payloads; see `wistro_codec.storage.resolver`.
        max_body: The most bytes of a request.
    """
    allowed = frozenset(origins)
    router = APIRouter(tags=["codec"])

    async def run_encode(
        request: Request, payloads: list[Payload], reader: Reader
    ) -> list[Payload]:
        flow = request.headers.get(FLOW_HEADER) or PROJECT_FLOW
        return await encode(codec, payloads, reader, flow)

    async def run_decode(
        request: Request, payloads: list[Payload], reader: Reader
    ) -> list[Payload]:
        keep_references = request.query_params.get("preserveStorageRefs", "").lower() == "true"
        return await decode(codec, payloads, reader, None if keep_references else resolve)

    async def run_download(_: Request, payloads: list[Payload], reader: Reader) -> list[Payload]:
        if resolve is None or not all(is_reference(payload) for payload in payloads):
            raise CodecError(
                "Only references to stored payloads can be downloaded.",
                code="body_invalid",
                hint="send other payloads to `/decode`",
            )
        return await decode(codec, payloads, reader, resolve)

    for path, run in (
        ("/encode", run_encode),
        ("/decode", run_decode),
        ("/download", run_download),
    ):
        endpoint = _Endpoint(run, authenticate, allowed, max_body)
        router.add_api_route(path, endpoint.post, methods=["POST"], name=f"codec_{path[1:]}")
        router.add_api_route(path, endpoint.preflight, methods=["OPTIONS"], include_in_schema=False)
    return router


_Run = Callable[[Request, list[Payload], Reader], Awaitable[list[Payload]]]


class _Endpoint:
    """One operation over HTTP: origin, identity, size, and errors that tell nothing secret."""

    def __init__(
        self, run: _Run, authenticate: Authenticate, origins: frozenset[str], max_body: int
    ) -> None:
        self._run = run
        self._authenticate = authenticate
        self._origins = origins
        self._max_body = max_body

    async def preflight(self, request: Request) -> Response:
        """Answer a browser that asks whether a page may send a request (CORS)."""
        headers = self._cors(request)
        if "access-control-allow-origin" not in headers:
            return Response(status_code=403, headers=headers)
        headers |= {
            "access-control-allow-methods": "POST, OPTIONS",
            "access-control-allow-headers": _ALLOWED_HEADERS,
            "access-control-max-age": "600",
        }
        if request.headers.get("access-control-request-private-network") == "true":
            headers["access-control-allow-private-network"] = "true"
        return Response(status_code=204, headers=headers)

    async def post(self, request: Request) -> Response:
        """Run the operation over the payloads in the body."""
        headers = self._cors(request) | {"cache-control": "no-store"}
        try:
            payloads = await self._serve(request)
        except CodecError as error:
            return _error_response(error, headers)
        content = MessageToDict(Payloads(payloads=payloads))
        return _json_response(200, content or {"payloads": []}, headers)

    async def _serve(self, request: Request) -> list[Payload]:
        origin = request.headers.get("origin")
        if origin is not None and origin not in self._origins:
            raise CodecError(
                "Pages of this origin may not ask the codec server.",
                code="forbidden",
                hint="list the exact origin of the Temporal UI (localhost and 127.0.0.1 differ)",
            )
        reader = await self._authenticate(request)
        if reader is None:
            raise CodecError(
                "A valid bearer token was expected.",
                code="unauthorized",
                hint="send `Authorization: Bearer <token>` (`temporal --codec-auth`)",
            )
        return await self._run(request, await self._read(request), reader)

    async def _read(self, request: Request) -> list[Payload]:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        # Any other type would let a page of any origin send the request without a preflight.
        if content_type != "application/json":
            raise _bad_body("the content type `application/json` was expected")
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._max_body:
                raise CodecError(
                    f"A body of at most {self._max_body} bytes was expected.",
                    code="body_too_large",
                    hint="send the payloads in several requests",
                )
        try:
            parsed = Parse(bytes(body), Payloads(), ignore_unknown_fields=True)
        except (ParseError, UnicodeDecodeError, RecursionError):
            raise _bad_body(
                "the JSON form of `temporal.api.common.v1.Payloads` was expected"
            ) from None
        return list(parsed.payloads)

    def _cors(self, request: Request) -> dict[str, str]:
        headers = {"vary": "Origin"}
        origin = request.headers.get("origin")
        if origin in self._origins:
            headers["access-control-allow-origin"] = str(origin)
            headers["access-control-allow-credentials"] = "true"
        return headers


def _allow(reader: Reader, flow: str) -> None:
    if not reader.may_read(flow):
        raise CodecError(
            f"The flow `{flow}` may not be read with these credentials.",
            code="forbidden",
            hint="ask an administrator of the project for access to the flow",
        )


def _bad_body(problem: str) -> CodecError:
    return CodecError(
        f"The request cannot be understood: {problem}.",
        code="body_invalid",
        hint='send `{"payloads": [{"metadata": {…}, "data": "…"}]}` with bytes in base64',
    )


def _error_response(error: CodecError, headers: dict[str, str]) -> Response:
    correlation_id = secrets.token_hex(8)
    status = _TOLD.get(error.code, _UNTOLD_STATUS)
    message = str(error)
    if status == _UNTOLD_STATUS:
        _logger.warning("codec request %s refused: %s", correlation_id, error)
        message = "The payloads cannot be read here; the log of the server says why."
    if status == 401:
        headers = headers | {"www-authenticate": "Bearer"}
    told: dict[str, object] = {"code": error.code, "message": message, "details": []}
    return _json_response(status, {"error": told | {"correlation_id": correlation_id}}, headers)


def _json_response(status: int, content: object, headers: dict[str, str]) -> Response:
    body = json.dumps(content, ensure_ascii=False)
    return Response(body, status, headers, media_type="application/json")
