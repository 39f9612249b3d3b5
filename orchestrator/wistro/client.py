"""A client for callable flows: `await client.call("quotes", {"article": "tea"})`."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Self, Unpack, cast
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json
from typing_extensions import TypedDict

from wistro.calls import LONGEST_WAIT
from wistro.client_blocking import BlockingClient, blocking
from wistro.client_errors import problem_of
from wistro.errors import CallFailed, RunError
from wistro.server_events import ServerEvent, server_events

_GRACE = 15.0
"""Seconds that a request may take besides its waiting."""
_FIRST_PAUSE = 0.1
_AGAIN = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, kw_only=True)
class CallResult:
    """A call, and its answer as far as there is one."""

    flow: str
    call_id: str
    """`fetch` asks again with it, as often as you like."""
    status: Literal["answered", "pending", "scheduled"]
    data: Any = None
    response_meta: Any = None
    """What the caller wanted back."""
    at: datetime | None = None
    """When a call that is scheduled is made (next)."""
    existed: bool = False
    """Whether an earlier call with the same idempotency key made it."""


class CallOptions(TypedDict, total=False):
    """What else can be said of a call."""

    client_context: object
    """What handlers see of the caller: its app, its locale, anything."""
    response_meta: object
    """What comes back untouched with the answer, and is shown to nobody else."""
    respond_to: Mapping[str, object]
    """The response target that gets the answer, such as `{"target": "webhook", "url": …}`."""
    after: timedelta
    """Call it that much later."""
    at: datetime
    """Call it at that time."""
    cron: str
    """Call it again and again."""
    time_zone: str
    """The IANA name of the zone that `cron` is read in."""
    overlap: str
    """What happens when the run of the last tick is still going: `skip`, `allow_all`, …"""


_RESULT = TypeAdapter(CallResult)
_WHEN = ("after", "at", "cron", "time_zone", "overlap")


class Client:
    """Calls the flows of one project over HTTP.

    ```python
    async with Client("https://shop.example", token=key) as client:
        answer = await client.call("quotes", {"article": "tea"})
        print(answer.data)
    ```

    Programs without an event loop use `blocking`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        retries: int = 3,
        connect_timeout: timedelta = timedelta(seconds=5),
    ) -> None:
        """Make a client.

        Args:
            base_url: Where the triggers of the project are, such as `http://localhost:3000`.
            token: An API key, the token of a user, or the management token.
            retries: How often a request is sent again that got no answer, and that may be repeated: those
                with an idempotency key, and those that only ask.
            connect_timeout: How long a connection may take.
        """
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self.base_url = base_url.rstrip("/")
        self._retries = retries
        self._connect = connect_timeout.total_seconds()
        # As many requests as there are calls wait for their answers.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
        self._http = httpx.AsyncClient(base_url=self.base_url, headers=headers, limits=limits)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def call(
        self,
        flow: str,
        data: object = None,
        *,
        wait: timedelta | None = None,
        idempotency_key: str | None = None,
        **options: Unpack[CallOptions],
    ) -> CallResult:
        """Call a flow.

        Args:
            flow: A flow with a call step, or an app.
            data: What the flow takes.
            wait: How long to wait for the answer; until there is one, unless given. Nobody waits for a
                call that is made later, or whose answer goes elsewhere.
            idempotency_key: A second call with the same key gets the first one's answer; with a key,
                a request that was lost is sent again.
            options: See `CallOptions`.

        Returns:
            The call; `pending` when it has no answer within `wait`, or nobody waits.

        Raises:
            CallFailed: there is no answer, and there will be none.
            InvalidMessage: the flow does not take `data`.
            RunError: the call is refused (`unauthorized`, `forbidden`, `not_callable`, …), or nobody
                answers (`unreachable`).
        """
        schedule = {name: value for name, value in options.items() if name in _WHEN}
        body = {"input": data, **{k: v for k, v in options.items() if k not in _WHEN}}
        if schedule:
            body["schedule"] = schedule
        later = bool(schedule) or "respond_to" in options
        deadline = _Deadline(timedelta() if later and wait is None else wait)
        headers = {} if idempotency_key is None else {"idempotency-key": idempotency_key}
        headers["prefer"] = "respond-async" if deadline.over else f"wait={deadline.next:.0f}"
        found = await self._ask(
            "POST",
            _path(flow),
            content=to_json(body, timedelta_mode="float"),
            headers={"content-type": "application/json", **headers},
            wait=deadline.next,
            repeatable=idempotency_key is not None,
        )
        if found.status != "pending" or deadline.over:
            return found
        answer = await self._until_answered(found.flow, found.call_id, deadline)
        return replace(answer, existed=found.existed)

    async def fetch(
        self, flow: str, call_id: str, *, wait: timedelta | None = timedelta()
    ) -> CallResult:
        """The answer of an earlier call.

        Args:
            flow: The flow that was called.
            call_id: The call.
            wait: How long to wait for the answer; `None` is until there is one.

        Raises:
            CallFailed, RunError: as `call`.
        """
        return await self._until_answered(flow, call_id, _Deadline(wait))

    async def follow(self, flow: str, call_id: str, *, seen: int = 0) -> AsyncGenerator[Any, None]:
        """The answers of a call as they come: of a flow that gives several, each by itself.

        A connection that breaks is made again, and nothing is missed. Iterate within
        `contextlib.aclosing`.

        Args:
            flow: The flow that was called.
            call_id: The call.
            seen: How many answers to leave out.

        Raises:
            CallFailed: it ended badly; the answers so far have been given.
            RunError: as `call`.
        """
        tries = 0
        while True:
            try:
                async for event in self._events(flow, call_id, seen):
                    tries = 0
                    if event.event == "answer":
                        told = cast("dict[str, Any]", event.json())
                        seen = int(told["number"])
                        yield told["data"]
                    elif event.event == "end":
                        _end(flow, call_id, cast("dict[str, Any]", event.json()))
                        return
            except httpx.TransportError as error:
                if tries >= self._retries:
                    raise self._unreachable(error) from error
            tries += 1
            await asyncio.sleep(_pause(tries))

    @classmethod
    @contextmanager
    def blocking(
        cls, base_url: str, *, token: str | None = None, retries: int = 3
    ) -> Generator[BlockingClient]:
        """A client for programs without an event loop, while the context is open; any thread may use it.

        ```python
        with Client.blocking("http://localhost:3000", token=key) as client:
            print(client.call("quotes", {"article": "tea"}).data)
        ```
        """
        with blocking(lambda: cls(base_url, token=token, retries=retries)) as client:
            yield client

    # Requests

    async def _until_answered(self, flow: str, call_id: str, deadline: _Deadline) -> CallResult:
        while True:
            seconds = deadline.next
            path = f"{_path(flow)}/{quote(call_id, safe='')}?wait={seconds:g}"
            found = await self._ask("GET", path, wait=seconds, repeatable=True)
            if found.status != "pending" or deadline.over:
                return found

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        wait: float,
        repeatable: bool,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> CallResult:
        tries = 0
        while True:
            last = not repeatable or tries >= self._retries
            try:
                answer = await self._http.request(
                    method, path, content=content, headers=headers, timeout=self._timeout(wait)
                )
            except httpx.TransportError as error:
                if last:
                    raise self._unreachable(error) from error
            else:
                if last or answer.status_code not in _AGAIN or "wistro-run-id" in answer.headers:
                    return self._read(answer)
            tries += 1
            await asyncio.sleep(_pause(tries))

    def _read(self, answer: httpx.Response) -> CallResult:
        if answer.is_success:
            try:
                return _RESULT.validate_json(answer.content)
            except ValidationError:
                pass  # somebody else answers there
        raise problem_of(answer)

    async def _events(
        self, flow: str, call_id: str, seen: int
    ) -> AsyncGenerator[ServerEvent, None]:
        headers = {"accept": "text/event-stream", "last-event-id": str(seen)}
        path = f"{_path(flow)}/{quote(call_id, safe='')}"
        # Between two signs of life there are 15 seconds.
        timeout = httpx.Timeout(60.0, connect=self._connect)
        async with self._http.stream("GET", path, headers=headers, timeout=timeout) as answer:
            if answer.is_error:
                await answer.aread()
                raise problem_of(answer)
            async for event in server_events(answer.aiter_lines()):
                yield event

    def _timeout(self, wait: float) -> httpx.Timeout:
        return httpx.Timeout(wait + _GRACE, connect=self._connect)

    def _unreachable(self, error: httpx.TransportError) -> RunError:
        return RunError(
            f"nobody answers at `{self.base_url}`: {error or type(error).__name__}",
            code="unreachable",
            retryable=True,
            hint="is the project running there? with an `idempotency_key` a call is safe to repeat",
        )


class _Deadline:
    """Until when somebody waits."""

    def __init__(self, wait: timedelta | None) -> None:
        self._at = None
        if wait is not None:
            self._at = asyncio.get_running_loop().time() + wait.total_seconds()

    @property
    def next(self) -> float:
        """Seconds that the next request waits."""
        longest = LONGEST_WAIT.total_seconds()
        return longest if self._at is None else min(max(self._left(self._at), 0.0), longest)

    @property
    def over(self) -> bool:
        return self._at is not None and self._left(self._at) <= 0

    def _left(self, at: float) -> float:
        return at - asyncio.get_running_loop().time()


def _end(flow: str, call_id: str, told: Mapping[str, Any]) -> None:
    error = told.get("error")
    if error is not None:
        raise CallFailed(
            f"the call of `{flow}` has no answer: {error['message']}",
            flow=flow,
            call_id=call_id,
            status=str(told["status"]),
            code=str(error["code"]),
        )


def _pause(tries: int) -> float:
    # Jitter: callers that lost the server together must not come back together.
    return _FIRST_PAUSE * 2**tries * random.uniform(0.5, 1)  # noqa: S311 - no secret


def _path(flow: str) -> str:
    return f"/call/{quote(flow, safe='')}"
