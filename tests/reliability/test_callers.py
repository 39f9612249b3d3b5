"""Callers of a real `wistro start`: many at a time, impatient, repeating themselves, saying too much."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from tests.reliability.conftest import Cluster, running_cluster
from wistro.temporal.host.devserver import ServerBinary

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]

CALLERS = 200
COPIES = 12
FILES = {
    "work.step.py": """
        import asyncio
        from pathlib import Path
        from wistro import CallStep
        config = CallStep(name="Work until there is a file", flows=["work"], responds=True)
        async def handler(order, ctx):
            while not Path(order["file"]).exists():
                await asyncio.sleep(0.2)
            return order["n"]
        """,
    "first.step.py": """
        from wistro import CallStep
        config = CallStep(name="Answer", flows=["twice"], emits=["more"], responds=True)
        async def handler(order, ctx):
            await ctx.emit("more", order)
            await ctx.respond("the first")
        """,
    "second.step.py": """
        from wistro import EventStep
        config = EventStep(name="Answer again", flows=["twice"], subscribes=["more"], responds=True)
        async def handler(order, ctx):
            await ctx.respond("the second")
        """,
    "book.step.py": """
        from wistro import EventStep
        config = EventStep(name="Book a payment", flows=["bank"], subscribes=["paid"])
        async def handler(payment, ctx):
            await ctx.state.increment("booked", payment["order"])
        """,
    "order.step.py": """
        from wistro import CallStep
        config = CallStep(name="Take an order", flows=["orders"], emits=["placed"])
        async def handler(order, ctx):
            await ctx.emit("placed", order)
        """,
    "wait.step.py": """
        from wistro import Await, NoopStep
        config = NoopStep(name="Wait for the payment", flows=["orders"], subscribes=["placed"],
                          awaits=Await(topic="paid", where="message.order == request.order"),
                          emits=["was_paid"])
        """,
    "ship.step.py": """
        from wistro import EventStep
        config = EventStep(name="Ship", flows=["orders"], subscribes=["was_paid"], responds=True)
        async def handler(paid, ctx):
            await ctx.state.increment("shipped", ctx.run_id)
            await ctx.respond(paid["answer"])
        """,
    "wistro.yml": """
        flows:
          work: { callable: { timeout: 2s } }
          twice: {}
          bank: {}
          orders: {}
        topics:
          paid: { external: true }
        workers: { concurrency: 250 }
        """,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(
    temporal_binary: ServerBinary, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Cluster]:
    folder = tmp_path_factory.mktemp("shop")
    async with running_cluster(folder, temporal_binary, FILES, "all") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def http(shop: Cluster) -> AsyncGenerator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=CALLERS + 10)
    async with httpx.AsyncClient(
        base_url=shop.url, headers=shop.headers, timeout=90, limits=limits
    ) as client:
        yield client


async def test_two_hundred_wait_at_the_same_time(
    shop: Cluster, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    file = tmp_path / "open"
    patient = {"Prefer": "wait=80"}
    callers = [
        asyncio.create_task(
            http.post("/call/work", json={"input": {"n": n, "file": str(file)}}, headers=patient)
        )
        for n in range(CALLERS)
    ]
    async with asyncio.timeout(80):
        while len(await shop.runs(flow="work")) < CALLERS:
            await asyncio.sleep(0.5)
        assert not any(caller.done() for caller in callers)
        file.touch()
        answers = [answer.json() for answer in await asyncio.gather(*callers)]
    assert [answer["data"] for answer in answers] == list(range(CALLERS))
    assert len({answer["call_id"] for answer in answers}) == CALLERS


@pytest.mark.parametrize("seconds", [2, 23])
async def test_an_answer_after_the_wait_is_fetched_later(
    http: httpx.AsyncClient, tmp_path: Path, seconds: int
) -> None:
    """Also after a wait that is longer than what Temporal answers at once: 20 seconds."""
    file = tmp_path / "open"
    body, headers = {"input": {"n": 7, "file": str(file)}}, {"Idempotency-Key": uuid4().hex}
    began = time.monotonic()
    called = await http.post("/call/work", json=body, headers=headers)
    assert called.status_code == 202
    assert time.monotonic() - began == pytest.approx(2, abs=1.5)  # what the flow says
    place = called.headers["location"]
    began = time.monotonic()
    pending = await http.get(place, params={"wait": seconds})
    assert (pending.status_code, pending.json()["status"]) == (202, "pending")
    assert time.monotonic() - began == pytest.approx(seconds, abs=1.5)
    file.touch()
    answered = await http.get(place, params={"wait": 20})
    assert (answered.status_code, answered.json()["data"]) == (200, 7)
    again = await http.post("/call/work", json=body, headers=headers)
    assert (again.status_code, again.json()["call_id"]) == (200, called.json()["call_id"])


async def test_the_second_answer_is_noted_and_the_first_counts(http: httpx.AsyncClient) -> None:
    called = (await http.post("/call/twice", json={"input": {}})).json()
    assert called["data"] == "the first"
    run = await ended(http, "twice", called["call_id"])
    (note,) = run["notes"]
    assert "`second`" in note
    assert (await http.get(f"/call/twice/{called['call_id']}")).json()["data"] == "the first"


@pytest.mark.parametrize("field", ["client_context", "response_meta"])
async def test_too_much_about_the_caller(
    shop: Cluster, http: httpx.AsyncClient, field: str
) -> None:
    before = len(await shop.runs(flow="twice"))
    refused = await http.post("/call/twice", json={"input": {}, field: "x" * 16_384})
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (413, "meta_too_large")
    assert f"`{field}` has 16,386 bytes, the limit is 16,384" in error["message"]
    assert "hint:" in error["message"]
    accepted = await http.post("/call/twice", json={"input": {}, field: "x" * 16_382})
    assert accepted.status_code == 200
    assert len(await shop.runs(flow="twice")) == before + 1


async def test_the_same_call_many_times_at_once(
    shop: Cluster, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    before = {run["run_id"] for run in await shop.runs(flow="work")}
    (tmp_path / "open").touch()
    body = {"input": {"n": 1, "file": str(tmp_path / "open")}}
    headers = {"Idempotency-Key": uuid4().hex, "Prefer": "wait=30"}
    copies = [http.post("/call/work", json=body, headers=headers) for _ in range(COPIES)]
    answers = [answer.json() for answer in await asyncio.gather(*copies)]
    assert {(answer["status"], answer["data"]) for answer in answers} == {("answered", 1)}
    (call_id,) = {answer["call_id"] for answer in answers}
    assert [answer["existed"] for answer in answers].count(False) == 1
    assert {run["run_id"] for run in await shop.runs(flow="work")} - before == {call_id}


@pytest.mark.parametrize("mode", ["structured", "binary", "key"])
async def test_the_same_message_many_times_at_once(
    shop: Cluster, http: httpx.AsyncClient, mode: str
) -> None:
    """One run of the flow that subscribes, and once for the run that waits."""
    before = len(await shop.runs(flow="bank"))
    order, id = uuid4().hex, uuid4().hex
    placed = await http.post(
        "/call/orders", json={"input": {"order": order}}, headers={"Prefer": "respond-async"}
    )
    call_id, data = placed.json()["call_id"], {"order": order, "by": "card"}
    attributes = {"specversion": "1.0", "id": id, "source": "/bank", "type": "paid"}
    asked: dict[str, dict[str, Any]] = {
        "structured": {
            "json": {**attributes, "data": data},
            "headers": {"content-type": "application/cloudevents+json"},
        },
        "binary": {
            "json": data,
            "headers": {f"ce-{name}": value for name, value in attributes.items()},
        },
        "key": {"json": data, "headers": {"Idempotency-Key": id}},
    }
    copies = [http.post("/_wistro/topics/paid", **asked[mode]) for _ in range(COPIES)]
    told = await asyncio.gather(*copies)
    assert {answer.status_code for answer in told} == {202}
    runs = [run for answer in told for run in answer.json()["runs"]]
    assert len({run["run_id"] for run in runs}) == 1
    assert [run["existed"] for run in runs].count(False) == 1
    answer = (await http.get(f"/call/orders/{call_id}", params={"wait": 30})).json()
    assert answer["data"] == data
    assert (await ended(http, "orders", call_id))["status"] == "completed"
    await ended(http, "bank", runs[0]["run_id"])
    assert len(await shop.runs(flow="bank")) == before + 1
    assert (await shop.state("booked"))[order] == 1
    assert (await shop.state("shipped"))[call_id] == 1


async def ended(http: httpx.AsyncClient, flow: str, run_id: str) -> dict[str, Any]:
    """The run once it has ended."""
    async with asyncio.timeout(30):
        while True:
            found = await http.get(f"/_wistro/api/runs/{flow}/{run_id}")
            if found.status_code == 200 and found.json()["status"] != "running":
                return found.json()
            await asyncio.sleep(0.1)
