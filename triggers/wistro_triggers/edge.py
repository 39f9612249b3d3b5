"""The outermost layer: a correlation id, a bound on bodies, safe headers, and no error unanswered.

Plain ASGI, so that streams pass through untouched.
"""

from __future__ import annotations

import re
import sys
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wistro.temporal.host.task_links import TASK_PATH
from wistro_triggers import metrics
from wistro_triggers.faults import internal_error
from wistro_triggers.problems import Problem, correlation_id

log = structlog.stdlib.get_logger("wistro.http")

ROUTE_KEY = "wistro.route"
"""Where in the ASGI scope a route of ours leaves its path template."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_DRAIN_FACTOR = 4
"""How many times the limit of an oversized body is read and dropped, so that the caller, still
sending, gets to read the answer instead of a reset connection."""

_SAFE_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}


class Edge:
    """Wraps the application; see the module."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, bounded: tuple[str, ...] = ()) -> None:
        """Wrap `app`.

        Args:
            app: The application.
            max_body_bytes: Larger request bodies are refused.
            bounded: Where paths begin whose routes have bounds of their own.
        """
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.bounded = bounded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        correlation_id.set(request_id)
        structlog.contextvars.bind_contextvars(correlation_id=request_id)
        started = time.perf_counter()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status == 413 and "expect" not in headers:
                    await body.drain()
                answered = MutableHeaders(scope=message)
                answered["x-request-id"] = request_id
                for name, value in _SAFE_HEADERS.items():
                    answered.setdefault(name, value)
            await send(message)

        own_bound = scope["path"].startswith(self.bounded)
        body = _BoundedBody(receive, sys.maxsize if own_bound else self.max_body_bytes)
        try:
            body.check_length(headers)
            await self.app(scope, body.receive, answer)
        except Problem as problem:
            await _answer(problem, scope, receive, answer, answered=status)
        except ClientDisconnect:
            log.info("caller went away", method=scope["method"], path=_logged_path(scope))
        except Exception:
            log.exception("request failed", method=scope["method"], path=_logged_path(scope))
            problem = internal_error()
            await _answer(problem, scope, receive, answer, answered=status)
        finally:
            metrics.observe_request(
                method=scope["method"],
                route=_template(scope),
                status=status,
                seconds=time.perf_counter() - started,
            )
            structlog.contextvars.unbind_contextvars("correlation_id")


class _BoundedBody:
    """Counts a request's body as it is received."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._size = 0
        self._ended = False

    def check_length(self, headers: Headers) -> None:
        """Refuse a body that says it is too large, before any of it is read."""
        given = headers.get("content-length", "")
        if given.isdigit() and int(given) > self._limit:
            raise self._too_large(f"{int(given):,} bytes")

    async def receive(self) -> Message:
        """The next message; raises a 413 `Problem` once the body is over the limit."""
        message = await self._next()
        if self._size > self._limit:
            raise self._too_large(f"more than {self._limit:,} bytes")
        return message

    async def drain(self) -> None:
        """Read on and drop what comes, up to a bound."""
        while not self._ended and self._size <= self._limit * _DRAIN_FACTOR:
            await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            self._ended = not message.get("more_body", False)
        else:
            self._ended = True
        return message

    def _too_large(self, size: str) -> Problem:
        return Problem(
            413,
            "body_too_large",
            f"The request body has {size}; the limit is {self._limit:,}. hint: store large content "
            "elsewhere and send its address.",
        )


def _request_id(headers: Headers) -> str:
    """The caller's `X-Request-Id`, or a new one when it is missing or not fit for logs."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _logged_path(scope: Scope) -> str:
    """The path without what proves who sends the request: the links of tasks are credentials."""
    path: str = scope["path"]
    return f"{TASK_PATH}…" if path.startswith(TASK_PATH) else path


def _template(scope: Scope) -> str:
    """The template of the path that answered: a label that does not grow with what callers send."""
    found: object = scope.get(ROUTE_KEY) or getattr(scope.get("route"), "path", None)
    return scope.get("root_path", "") + found if isinstance(found, str) else "other"


async def _answer(
    problem: Problem, scope: Scope, receive: Receive, send: Send, *, answered: int
) -> None:
    if not answered:  # else the answer is under way and can only be cut off
        await problem.response()(scope, receive, send)
