"""Calls to the worker API: what is repeated, what is not, and errors in plain words."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeAlias, cast

import httpx

from wistro.errors import StoreError

WORKER_API = "/_wistro/worker/v1"
"""Where the worker API is below the address of the triggers."""

Token: TypeAlias = str | Callable[[], str]
"""A run token, or what mints one for each request: a long step can outlive a single token."""

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0

_log = logging.getLogger(__name__)

# Raised before the request has left this process.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# The server, or what stands before it, says that it has done nothing.
_NOT_DONE = frozenset({429, 503})
# The other side may have done it: only what may be done twice is sent again.
_UNSURE = frozenset({502, 504})


class WorkerApiClient:
    """Sends requests to one worker API through a client that others may use too."""

    def __init__(self, base_url: str, client: httpx.AsyncClient, *, timeout: timedelta) -> None:
        """Take the address of the triggers and how long one attempt may last."""
        self.url = base_url.rstrip("/")
        self._client = client
        self._timeout = timeout.total_seconds()

    async def call(
        self,
        path: str,
        body: bytes,
        *,
        token: Token | None = None,
        repeatable: bool = True,
        patience: timedelta = timedelta(0),
    ) -> Mapping[str, object]:
        """Post a JSON body and return the answer.

        Args:
            path: Below `WORKER_API`.
            body: JSON.
            token: Shown as a bearer token.
            repeatable: Whether doing it twice does no harm.
            patience: How long to go on trying, with growing pauses, while the API is away.

        Raises:
            StoreError: with the code that the API gave; `store_unavailable` when it stayed away;
                `store_outcome_unknown` when something that is not repeatable may have been done.
        """
        deadline = time.monotonic() + patience.total_seconds()
        pause = _FIRST_PAUSE
        while True:
            try:
                return await self._attempt(path, body, token)
            except _Away as away:
                if not (repeatable or away.harmless):
                    raise _outcome_unknown(path, away.error) from away.error
                # Jitter: workers that lost the API together must not come back together.
                wait = pause * random.uniform(0.5, 1)  # noqa: S311 no secret
                if time.monotonic() + wait > deadline:
                    raise away.error from away.error.__cause__
                _log.warning("trying `%s` again in %.2f s: %s", path, wait, away.error.message)
            await asyncio.sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _attempt(self, path: str, body: bytes, token: Token | None) -> Mapping[str, object]:
        headers = {"content-type": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token if isinstance(token, str) else token()}"
        try:
            # A hard bound: the timeouts of httpx begin anew with every byte that arrives.
            async with asyncio.timeout(self._timeout):
                answer = await self._client.post(
                    f"{self.url}{WORKER_API}{path}",
                    content=body,
                    headers=headers,
                    timeout=self._timeout,
                )
        except (httpx.TransportError, TimeoutError) as error:
            harmless = isinstance(error, _NOT_SENT)
            raise _Away(self._unreachable(error), harmless=harmless) from None
        if answer.is_success:
            return cast("Mapping[str, object]", answer.json())
        error = self._refusal(answer)
        if answer.status_code in _NOT_DONE:
            raise _Away(error, harmless=True)
        if answer.status_code in _UNSURE:
            raise _Away(error, harmless=False)
        raise error

    def _unreachable(self, cause: Exception) -> StoreError:
        found = str(cause) or f"no answer within {self._timeout:g} s"
        error = StoreError(
            f"The worker API at `{self.url}` does not answer: {found}",
            code="store_unavailable",
            hint="is `wistro dev`, or `wistro start` with triggers, running at this address?",
        )
        error.__cause__ = cause
        return error

    def _refusal(self, answer: httpx.Response) -> StoreError:
        status = answer.status_code
        try:
            found = answer.json()["error"]
            code, text = str(found["code"]), str(found["message"])
            details = {each["field"]: each["message"] for each in found.get("details", ())}
        except (ValueError, KeyError, TypeError):
            code = "store_unavailable" if status in _NOT_DONE | _UNSURE else "store_error"
            details = {}
            text = f"The worker API at `{self.url}` was expected to answer; found HTTP {status}"
        message, _, hint = text.partition(" hint: ")
        retryable = status >= 500 or status in {409, 429} or code == "token_expired"
        return StoreError(
            message.rstrip("."), code=code, hint=hint or None, retryable=retryable, details=details
        )


class _Away(BaseException):
    """No answer that counts. `harmless`: and nothing was done either. Never leaves this module."""

    def __init__(self, error: StoreError, *, harmless: bool) -> None:
        super().__init__()
        self.error = error
        self.harmless = harmless


def encode_body(plain: Mapping[str, object], **texts: str) -> bytes:
    """A JSON object of plain members and of members that are JSON text already."""
    members = [json.dumps(plain, ensure_ascii=False, allow_nan=False)[1:-1]]
    members += [f"{json.dumps(name)}:{text}" for name, text in texts.items()]
    return f"{{{','.join(filter(None, members))}}}".encode()


def _outcome_unknown(path: str, error: StoreError) -> StoreError:
    return StoreError(
        f"`{path.removeprefix('/')}` may or may not have been done: {error.message}",
        code="store_outcome_unknown",
        hint="read the entry before doing it again; `set` and `delete` are repeated by themselves",
    )
