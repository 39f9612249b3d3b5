"""The target `webhook`: a signed HTTP request, by Standard Webhooks."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Annotated

import httpcore
import httpx
from pydantic import StringConstraints

from wistro.contract import CallStatus
from wistro.errors import Issue
from wistro.options import Options
from wistro.project.answer_settings import WebhookSettings
from wistro.targets.addresses import read_address, refuse
from wistro.targets.interface import Answer, Asked, Receipt, Undeliverable, Unreached
from wistro.targets.receivers import GuardedNetwork, NotAReceiver, Receiver, receiver
from wistro.targets.services import TargetServices
from wistro.targets.signing import read_secrets, signature_headers

_TYPES: Mapping[CallStatus, str] = {
    "answered": "flow.answered",
    "ended": "flow.ended",
    "response_not_reached": "flow.response_not_reached",
    "flow_failed": "flow.failed",
    "timeout": "flow.timed_out",
    "cancelled": "flow.cancelled",
}
_AGAIN = frozenset({408, 425, 429})
"""Refusals that pass."""


class _Address(Options):
    url: Annotated[str, StringConstraints(min_length=1)]


class WebhookTarget:
    """Posts answers to receivers. Their answers are not read, and redirects are not followed."""

    many = True

    def __init__(self, settings: Callable[[], WebhookSettings]) -> None:
        self._settings = settings

    def check(self, address: Mapping[str, object], asked: Asked) -> Mapping[str, object]:
        """`{"url": …}`: of a receiver that webhooks may be sent to."""
        url, settings = read_address(_Address, address, "webhook").url, self._settings()
        if not settings.secrets:
            raise refuse(
                "webhook",
                Issue(
                    field="target",
                    message="`target`: webhooks have no secret to be signed with",
                    hint="say in `wistro.yml`: `answers: { webhooks: { secret: WEBHOOK_SECRET } }`",
                ),
            )
        try:
            receiver(url, settings, development=asked.development)
        except NotAReceiver as error:
            hint = "`answers.webhooks.allow` in `wistro.yml` lists receivers that may be inside"
            raise refuse(
                "webhook", Issue(field="url", message=f"`url`: {error}", hint=hint)
            ) from None
        return {"url": url}

    async def deliver(
        self, answer: Answer, address: Mapping[str, object], services: TargetServices
    ) -> Receipt:
        """Post it once."""
        settings = self._settings()
        try:
            to = receiver(str(address["url"]), settings, development=services.development)
        except NotAReceiver as error:
            raise Undeliverable(str(error)) from None
        secrets = read_secrets(settings.secrets, services.secret)
        body = webhook_body(answer)
        headers = {
            "content-type": "application/json",
            "user-agent": "wistro",
            **signature_headers(secrets, answer.id, int(time.time()), body),
        }
        if answer.traceparent is not None:
            headers["traceparent"] = answer.traceparent
        status, retry_after = await self._post(to, headers, body)
        return _judge(to, status, retry_after)

    async def _post(
        self, to: Receiver, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str | None]:
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self._tls, network_backend=GuardedNetwork(to), max_keepalive_connections=0
        )
        wire = [(name.encode(), value.encode()) for name, value in headers.items()]
        try:
            async with (
                pool,
                pool.stream("POST", to.url, headers=wire, content=body) as response,
            ):
                found = {name.lower(): value for name, value in response.headers}
                after = found.get(b"retry-after")
                return response.status, None if after is None else after.decode("latin-1")
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise Unreached(f"`{to.host}` did not answer: {_trouble(error)}") from error

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()


def webhook_body(answer: Answer) -> bytes:
    """What is sent: the same bytes in every attempt."""
    at = datetime.fromtimestamp(answer.answered_at, UTC).isoformat(timespec="milliseconds")
    message = {
        "type": _TYPES[answer.answer.status],
        "timestamp": at.replace("+00:00", "Z"),
        "data": answer.document(),
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _judge(to: Receiver, status: int, retry_after: str | None) -> Receipt:
    if 200 <= status < 300:
        return Receipt(status_code=status)
    if 400 <= status < 500 and status not in _AGAIN:
        raise Undeliverable(f"`{to.host}` refused the webhook with {status}", status_code=status)
    if 300 <= status < 400:
        message = f"`{to.host}` redirects with {status}: webhooks do not follow"
        raise Unreached(message, status_code=status, hint="give the receiver's final address")
    raise Unreached(
        f"`{to.host}` answered {status}",
        status_code=status,
        retry_after=_seconds(retry_after),
    )


def _seconds(retry_after: str | None) -> float | None:
    """`Retry-After`, RFC 9110 section 10.2.3: seconds, or a date."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - time.time(), 0.0)


def _trouble(error: Exception) -> str:
    """What went wrong on the way, in words that hold nothing of the request."""
    return str(error)[:200] or type(error).__name__
