"""kill -9 of the process that delivers, in mid-attempt; and answers from processes without a store."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from httpx_sse import aconnect_sse

from tests.reliability.conftest import Cluster, StartCluster, cluster
from tests.targets.receiver import SECRET, receiving, status

__all__ = ["cluster"]

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(240)]

FILES = {
    "wistro.yml": """
        answers:
          retry: [1s, 1s]
          timeout: 60s
          webhooks: { secret: HOOK_SECRET, allow: ["http://127.0.0.1:*/*"] }
        flows:
          ask: { callable: { access: public } }
        """,
    "ask.step.py": """
        from wistro import CallStep
        config = CallStep(name="Ask", flows=["ask"], responds=True)
        async def handler(question, ctx):
            return {"echo": question}
        """,
}


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)


async def call(running: Cluster, respond_to: dict[str, object]) -> str:
    async with httpx.AsyncClient(headers=running.headers) as client:
        answer = await client.post(
            f"{running.url}/call/ask", json={"input": 7, "respond_to": respond_to}, timeout=30
        )
        assert answer.status_code == 202, answer.text
        return answer.json()["call_id"]


async def shown(running: Cluster, call_id: str, wanted: str) -> dict[str, object]:
    """The record of the delivery, once it has the status."""
    async with httpx.AsyncClient(headers=running.headers) as client, asyncio.timeout(60):
        while True:
            url = f"{running.url}/_wistro/api/answers/ask/{call_id}"
            answer = await client.get(url, timeout=30)
            if answer.status_code == 200 and answer.json()["answers"][0]["status"] == wanted:
                return answer.json()["answers"][0]
            await asyncio.sleep(0.3)


async def test_the_process_that_delivers_is_killed_in_mid_attempt(cluster: StartCluster) -> None:
    """The receiver has the request but nobody notes its answer: it gets the same one once more."""
    hold = asyncio.Event()

    async def slow_at_first(number: int) -> bytes:
        if number == 1:
            await hold.wait()
        return status(200)

    async with (
        receiving(slow_at_first) as receiver,
        cluster(FILES, "triggers", "worker") as running,
    ):
        call_id = await call(running, {"target": "webhook", "url": receiver.url})
        await receiver.got(1)
        await running.kill("worker")
        hold.set()
        # The run had ended before: what is left is the delivery.
        running.start("worker")
        first, second = await receiver.got(2, seconds=60)
        assert first.id == second.id == f"{call_id}.answer"
        assert first.body == second.body
        record = await shown(running, call_id, "delivered")
        assert record["id"] == first.id
        assert await running.settled(1, flow="ask") == {"completed": 1}
        assert len(receiver.received) == 2


async def test_the_temporal_server_is_killed_between_attempts(cluster: StartCluster) -> None:
    replies = {1: status(503), 2: status(503)}
    async with (
        receiving(lambda number: replies.get(number, status(200))) as receiver,
        cluster(FILES, "triggers", "worker") as running,
    ):
        call_id = await call(running, {"target": "webhook", "url": receiver.url})
        await receiver.got(1)
        await running.server.kill()
        await running.server.start()
        received = await receiver.got(3, seconds=60)
        assert {each.id for each in received} == {f"{call_id}.answer"}
        await shown(running, call_id, "delivered")


async def test_a_channel_of_other_processes(cluster: StartCluster) -> None:
    """Runs in one process, channels in another; a tab outlives a restart of both."""
    async with cluster(FILES, "triggers", "worker") as running:
        url = f"{running.url}/_wistro/channels/anna"
        async with httpx.AsyncClient(headers=running.headers, timeout=60) as client:
            async with aconnect_sse(client, "GET", url) as source:
                events = source.aiter_sse()
                last = (await anext(events)).id
                await call(running, {"target": "channel", "user": "anna"})
                answer = await anext(events)
                assert json.loads(answer.data)["data"] == {"echo": 7}
            await running.kill("triggers")
            running.start("triggers")
            await running.ready()
            call_id = await call(running, {"target": "channel", "user": "anna"})
            await shown(running, call_id, "delivered")
            async with aconnect_sse(client, "GET", url, headers={"last-event-id": last}) as source:
                events = source.aiter_sse()
                await anext(events)
                found = [json.loads((await anext(events)).data) for _ in range(2)]
            assert [each["data"] for each in found] == [{"echo": 7}] * 2
            assert found[1]["call_id"] == call_id
