"""Calls that are interrupted at a stage, and what is left of them when everything runs again."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.engine.conftest import ENDED
from tests.reliability.conftest import Cluster
from tests.targets.receiver import Receiver, receiving, status

_SECONDS = 75
_CALL = """
import json, sys, urllib.request
url, headers, body = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3].encode()
request = urllib.request.Request(url, body, headers, method="POST")
print(urllib.request.urlopen(request, timeout=100).read().decode())
"""


@dataclass(kw_only=True)
class Crash:
    """One kill -9 in the middle of many calls."""

    cluster: Cluster
    folder: Path
    over: asyncio.Event = field(default_factory=asyncio.Event)
    callers: list[subprocess.Popen[bytes]] = field(default_factory=list["subprocess.Popen[bytes]"])


@dataclass(kw_only=True)
class Traces:
    """What a call left behind."""

    call_id: str
    answers: list[object]
    """What those who asked were told: by waiting, by the idempotency key, by the id of the call."""
    posts: list[tuple[str, bytes]]
    """Delivery ids and bodies that the webhook's receiver got."""
    delivered: str
    """How the delivery of the answer ended."""
    status: str
    runs: set[str]
    """The runs of the flow that began meanwhile."""
    called: dict[str, set[str]]
    """The runs that this one has called, by the flow."""


class Call:
    """A call of somebody who waits, asks again until they know, and is told by a webhook too."""

    def __init__(self, crash: Crash, stage: Stage, receiver: Receiver) -> None:
        self._crash = crash
        self._stage = stage
        self._receiver = receiver
        self._cluster = crash.cluster
        self._key = uuid4().hex
        self.id = f"order-{self._key[:8]}"
        self.folder = crash.folder / self.id
        self.folder.mkdir(parents=True)

    # The caller

    def begin(self) -> subprocess.Popen[bytes]:
        """Calls from a process of its own, which waits for the answer."""
        headers = {**self._headers, "Prefer": "wait=90", "Content-Type": "application/json"}
        given = [self._url, json.dumps(headers), json.dumps(self._body)]
        command = [sys.executable, "-ISc", _CALL, *given]
        caller = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._crash.callers.append(caller)
        return caller

    async def asked_again(self) -> dict[str, Any]:
        """What somebody is told who repeats the request until there is an answer."""
        headers = {**self._headers, "Prefer": "wait=20"}
        return await self._patiently("POST", self._url, json=self._body, headers=headers)

    async def asked_by_id(self, call_id: str) -> dict[str, Any]:
        """What somebody is told who remembers the id of the call."""
        url = f"{self._url}/{call_id}?wait=20"
        return await self._patiently("GET", url, headers=self._cluster.headers)

    @property
    def _url(self) -> str:
        return f"{self._cluster.url}/call/{self._stage.flow}"

    @property
    def _headers(self) -> dict[str, str]:
        return {**self._cluster.headers, "Idempotency-Key": self._key}

    @property
    def _body(self) -> dict[str, object]:
        return {
            "input": {"id": self.id, "folder": str(self.folder)},
            "response_meta": {"tab": self.id},
            "respond_to": {"target": "webhook", "url": self._receiver.url},
        }

    # What happens outside

    async def until(self, reached: Callable[[], Awaitable[object]]) -> Any:
        """What `reached` finds, once it finds something."""
        async with asyncio.timeout(_SECONDS):
            while True:
                try:
                    if found := await reached():
                        return found
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)

    async def begun(self) -> None:
        """Somebody is at work for the call."""
        await self.until(lambda: asyncio.to_thread((self.folder / "begun").exists))

    async def goes_on(self) -> None:
        """They may finish."""
        (self.folder / "open").touch()

    async def open_task(self) -> str:
        """The task that the call waits for, once it is listed."""

        async def listed() -> str | None:
            # One call at a time waits for a person in each flow.
            page = await self._get("tasks", flow=self._stage.task_flow or "")
            return page["tasks"][0]["id"] if page and page["tasks"] else None

        return await self.until(listed)

    async def answer_task(self) -> None:
        """A person answers the task."""
        id = await self.open_task()
        body = {"by": "ada", "data": {"verdict": "by ada"}}
        await self._patiently(
            "POST",
            f"{self._cluster.url}/_wistro/api/tasks/{id}/answer",
            json=body,
            headers=self._cluster.headers,
        )

    async def awaits_message(self) -> None:
        """The run waits for its message."""

        async def waits() -> bool:
            runs = await self._cluster.runs(flow=self._stage.flow, status="running")
            for run in runs:
                shown = await self._get(f"runs/{self._stage.flow}/{run['run_id']}")
                if shown and shown["waiting_for"] == "message":
                    return True
            return False

        await self.until(waits)

    async def send_message(self) -> None:
        """The message comes, twice."""
        url = f"{self._cluster.url}/_wistro/topics/paid"
        for _ in range(2):
            await self._patiently(
                "POST",
                url,
                json={"id": self.id, "by": "card"},
                headers={**self._cluster.headers, "Idempotency-Key": f"paid-{self.id}"},
                enough=(202,),
            )

    async def posted(self) -> None:
        """The receiver of the webhook has been asked."""
        await self._receiver.got(1, _SECONDS)

    # What is left

    async def traces(self, before: dict[str, set[str]]) -> Traces:
        """All that the call left, once it is over."""
        told = await self.asked_again()
        call_id = told["call_id"]
        by_id = await self.asked_by_id(call_id)
        again = await self.asked_again()
        await self.until(lambda: self._delivered(call_id))
        run = await self.until(lambda: self._ended(call_id))
        return Traces(
            call_id=call_id,
            answers=[_told(each) for each in (told, by_id, again)],
            posts=[(each.id, each.body) for each in self._receiver.received],
            delivered=await self._delivered(call_id) or "",
            status=run["status"],
            runs=await self._new(self._stage.flow, before),
            called=await self._called(call_id, before),
        )

    async def _delivered(self, call_id: str) -> str | None:
        found = await self._get(f"answers/{self._stage.flow}/{call_id}")
        (answer,) = found["answers"] if found else [{"status": "pending"}]
        return None if answer["status"] == "pending" else answer["status"]

    async def _ended(self, call_id: str) -> dict[str, Any] | None:
        run = await self._get(f"runs/{self._stage.flow}/{call_id}")
        return run if run and run["status"] in ENDED else None

    async def _called(self, call_id: str, before: dict[str, set[str]]) -> dict[str, set[str]]:
        called: dict[str, set[str]] = {}
        for flow in self._stage.calls:
            for run_id in await self._new(flow, before):
                run = await self.until(lambda f=flow, r=run_id: self._get(f"runs/{f}/{r}"))
                if run["parent"] and run["parent"]["run_id"] == call_id:
                    called.setdefault(flow, set()).add(run_id)
        return called

    async def _new(self, flow: str, before: dict[str, set[str]]) -> set[str]:
        return {str(run["run_id"]) for run in await self._cluster.runs(flow=flow)} - before[flow]

    async def _get(self, path: str, **query: str) -> dict[str, Any] | None:
        async with httpx.AsyncClient(headers=self._cluster.headers, timeout=15) as client:
            found = await client.get(f"{self._cluster.url}/_wistro/api/{path}", params=query)
            return found.json() if found.status_code == 200 else None

    async def _patiently(
        self, method: str, url: str, *, enough: tuple[int, ...] = (200,), **request: Any
    ) -> dict[str, Any]:
        """The answer to a request that is repeated while there is none."""
        async with asyncio.timeout(_SECONDS), httpx.AsyncClient(timeout=30) as client:
            while True:
                try:
                    found = await client.request(method, url, **request)
                    if found.status_code in enough:
                        return found.json()
                    assert found.status_code in (202, 404, 503), found.text
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.2)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where a call is when somebody is killed, and how it goes on after that."""

    flow: str
    reached: Callable[[Call], Awaitable[object]] = Call.begun
    goes_on: Callable[[Call], Awaitable[None]] = Call.goes_on
    answer: str
    calls: tuple[str, ...] = ()
    """The flows that it calls, once each."""
    task_flow: str | None = None
    """The flow that waits for a person."""
    receives: str = "at once"
    """What the receiver of the webhook does until the crash is over: it answers `at once`, it `fails`,
    or it `hesitates` in the middle of its answer."""


async def interrupted(
    stage: Stage, crash: Crash, before: dict[str, set[str]], at_stage: asyncio.Event
) -> Traces:
    """Calls, waits for the stage and for the crash, goes on; returns what is left."""

    async def receive(_: int) -> bytes:
        if stage.receives == "fails" and not crash.over.is_set():
            return status(503)
        if stage.receives == "hesitates":
            await crash.over.wait()
        return status(200)

    try:
        async with receiving(receive) as receiver, asyncio.timeout(2 * _SECONDS):
            call = Call(crash, stage, receiver)
            caller = call.begin()
            await stage.reached(call)
            at_stage.set()
            await crash.over.wait()
            await stage.goes_on(call)
            traces = await call.traces(before)
            out, _ = await asyncio.to_thread(caller.communicate)
            if caller.returncode == 0 and (told := json.loads(out))["status"] == "answered":
                traces.answers.append(_told(told))
            return traces
    finally:
        at_stage.set()


def _told(answer: dict[str, Any]) -> object:
    return {name: answer[name] for name in ("call_id", "data", "response_meta")}
