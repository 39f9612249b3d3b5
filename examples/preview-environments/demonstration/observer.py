"""What really happened: sends events, follows the runs they set off, reads what these did."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

import httpx

from .payloads import Event, send
from .script import Happening, Night, Order
from .stack import Stack

PATIENCE = 60.0
CLOSED = {"completed", "failed", "cancelled", "timed_out"}


@dataclass
class Observation:
    """One happening, and all that came of it."""

    happening: Happening
    status: int
    seconds: float = 0.0
    """From the request to the end of the last run."""
    runs: list[dict[str, Any]] = field(default_factory=list)
    """The run that it started, then those linked to it, as the management API shows them."""

    @property
    def run_id(self) -> str:
        return self.runs[0]["run_id"] if self.runs else ""

    @property
    def failures(self) -> list[str]:
        """The runs that did not complete."""
        return [
            f"{run['flow']}/{run['run_id']} {run['status']}"
            for run in self.runs
            if run["status"] != "completed"
        ]

    @property
    def deliveries(self) -> list[dict[str, Any]]:
        return [delivery for run in self.runs for delivery in run["deliveries"]]

    def did(self) -> list[tuple[str, str]]:
        """What was done to which environments."""
        outputs = [delivery["output"] for delivery in self.deliveries]
        return [
            (output["did"], output["environment"])
            for output in outputs
            if isinstance(output, dict) and "did" in output
        ]


class StuckError(Exception):
    """A run does not end."""


class Observer:
    """Talks to the project over HTTP, as GitHub, as an operator and as an administrator."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._http = httpx.AsyncClient(base_url=stack.project.url, timeout=60, trust_env=False)
        self._operator = {"Authorization": f"Bearer {stack.operator_token}"}
        self._manager = {"Authorization": f"Bearer {stack.project.token}"}
        self._ticks: set[str] = set()

    async def __aenter__(self) -> Observer:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def let(self, happening: Happening) -> Observation:
        """Let it happen, and wait until everything that it set off has ended."""
        began = time.time()
        if isinstance(happening, Night):
            status, first = await self._tick()
        else:
            answer = await self._request(happening)
            status, first = answer.status_code, answer.headers.get("wistro-run-id")
        observation = Observation(happening, status)
        flow = _flow(happening)
        if first is not None:
            observation.runs = [run async for run in self._follow(flow, first)]
        ends = [datetime.fromisoformat(run["closed_at"]).timestamp() for run in observation.runs]
        observation.seconds = max(0.0, max(ends, default=time.time()) - began)
        return observation

    async def environments(self) -> list[dict[str, Any]]:
        """What `GET /environments` answers."""
        return await self._operate("/environments")

    async def usage(self, account: str) -> dict[str, Any]:
        """What `GET /usage/{account}` answers."""
        return await self._operate(f"/usage/{account}")

    async def _operate(self, path: str) -> Any:
        async for _ in _patiently(f"`GET {path}` is not answered"):
            answer = await self._http.get(path, headers=self._operator)
            answer.raise_for_status()
            if answer.status_code == HTTPStatus.OK:  # 202: its run goes on, ask again
                return answer.json()
        raise AssertionError("unreachable")

    async def _request(self, happening: Event | Order) -> httpx.Response:
        if isinstance(happening, Event):
            return await send(self._http, happening, self._stack.webhook_secret)
        return await self._http.post("/environments", json=happening.wanted, headers=self._operator)

    async def _tick(self) -> tuple[int, str]:
        path = "/_wistro/api/schedules/environments/stop_old_environments/trigger"
        answer = await self._http.post(path, headers=self._manager)
        answer.raise_for_status()
        query = {"flow": "environments", "trigger": "cron:stop_old_environments"}
        async for _ in _patiently("the schedule starts no run"):
            page = await self._manage("/_wistro/api/runs", **query)
            for run in page["runs"]:
                if run["run_id"] not in self._ticks:
                    self._ticks.add(run["run_id"])
                    return answer.status_code, run["run_id"]
        raise AssertionError("unreachable")

    async def _follow(self, flow: str, run_id: str) -> AsyncIterator[dict[str, Any]]:
        links = [(flow, run_id)]
        for flow, run_id in links:  # noqa: PLR1704 - grows while it is walked
            run = await self._ended(flow, run_id)
            links += [(link["flow"], link["run_id"]) for link in run["links"]]
            yield run

    async def _ended(self, flow: str, run_id: str) -> dict[str, Any]:
        async for _ in _patiently(f"the run {flow}/{run_id} does not end"):
            run = await self._manage(f"/_wistro/api/runs/{flow}/{run_id}")
            if run["status"] in CLOSED:
                return run
        raise AssertionError("unreachable")

    async def _manage(self, path: str, **query: str) -> dict[str, Any]:
        answer = await self._http.get(path, headers=self._manager, params=query)
        answer.raise_for_status()
        return answer.json()


def count(observations: Iterable[Observation]) -> tuple[int, int, int]:
    """How many runs, deliveries and repeated attempts there were."""
    runs = {run["run_id"] + run["flow"]: run for seen in observations for run in seen.runs}
    deliveries = [delivery for run in runs.values() for delivery in run["deliveries"]]
    repeated = sum(attempts(delivery) - 1 for delivery in deliveries)
    return len(runs), len(deliveries), repeated


def attempts(delivery: dict[str, Any]) -> int:
    """How many attempts a delivery needed."""
    return max((attempt["number"] for attempt in delivery["attempts"]), default=1)


def _flow(happening: Happening) -> str:
    return "github-events" if isinstance(happening, Event) else "environments"


async def _patiently(complaint: str) -> AsyncIterator[None]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        yield
        await asyncio.sleep(0.05)
    raise StuckError(f"{complaint} within {PATIENCE:.0f} s")
