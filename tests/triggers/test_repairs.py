"""Repairs: what they will do is said first, and then one or a thousand are done."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from tests.conftest import TemporalServer
from tests.triggers.conftest import Shop, open_shop, working
from tests.triggers.test_management import API, held
from wistro.credentials import HIDDEN
from wistro.repairs import Released
from wistro.temporal.host.held import Held
from wistro.temporal.host.serverbinary import ServerAddress

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

Document = dict[str, object]


async def ordered(shop: Shop) -> tuple[str, str, str]:
    """A run that has completed, with its deliveries to `place_order` and `pack`."""
    accepted = await shop.admin.post(
        f"{API}/runs",
        json={"flow": "orders", "topic": "order.placed", "data": ORDER},
    )
    assert accepted.status_code == 202, accepted.text
    run = await shop.ended("orders", accepted.json()["run_id"])
    assert run["status"] == "completed", run
    (pack,) = [d["delivery_id"] for d in run["deliveries"] if d["step"] == "pack"]
    return "orders", accepted.json()["run_id"], pack


ORDER = {"customer": "Ada", "lines": [{"article": "tea", "count": 2}]}


async def preview(shop: Shop, flow: str, run_id: str, **wanted: object) -> Document:
    """What a repair will do."""
    answer = await shop.admin.post(f"{API}/runs/{flow}/{run_id}/preview", json=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def release(http: httpx.AsyncClient, **wanted: object) -> tuple[list[Document], Document]:
    """The lines that tell of a release, and the last one."""
    answer = await http.post(f"{API}/held/release", json=wanted)
    assert answer.status_code == 200, answer.text
    *items, end = [json.loads(line) for line in answer.text.splitlines()]
    return items, end


async def test_a_fork_of_a_completed_delivery_is_foreseen_and_done(shop: Shop) -> None:
    flow, run_id, pack = await ordered(shop)
    seen = await preview(shop, flow, run_id, action="fork", delivery_id=pack)
    assert seen["possible"] is True
    assert seen["new_run"] is True
    assert [again["step"] for again in seen["again"]] == ["pack"]
    assert seen["sentences"][0] == "It becomes a new run, linked to this one, which stays as it is."
    assert "“Pack the order” is made again there, with the same input" in seen["sentences"][1]
    assert "It was completed before" in seen["warnings"][0]
    answer = await shop.admin.post(f"{API}/runs/{flow}/{run_id}/fork", json={"delivery_id": pack})
    assert answer.status_code == 202, answer.text
    fork = await shop.ended(flow, answer.json()["run_id"])
    assert (fork["status"], [d["step"] for d in fork["deliveries"]]) == ("completed", ["pack"])
    run = await shop.ended(flow, run_id)
    (link,) = [each for each in run["related"] if each["relation"] == "fork"]
    assert (link["run_id"], link["delivery_id"]) == (fork["run_id"], pack)


async def test_who_sent_a_request_is_not_shown_and_kept_when_it_is_edited(shop: Shop) -> None:
    sent = {"authorization": "Bearer letmein", "cookie": "session=letmein", "x-many": "one"}
    answer = await shop.http.put("/echo/a/b", headers=sent, json={"n": 1})
    run_id = answer.headers["wistro-run-id"]
    assert answer.json()["authorized"] is True
    run = await shop.ended("edge", run_id)
    assert "letmein" not in json.dumps(run)
    (delivery,) = run["deliveries"]
    shown = delivery["input"]
    assert shown == run["input"]
    assert (shown["headers"]["authorization"], shown["headers"]["cookie"]) == (HIDDEN, HIDDEN)
    assert shown["headers"]["x-many"] == "one"
    edited = {**shown, "body": {"n": 2}}
    answer = await shop.admin.post(
        f"{API}/runs/edge/{run_id}/fork",
        json={"delivery_id": delivery["delivery_id"], "data": edited},
    )
    assert answer.status_code == 202, answer.text
    fork = await shop.ended("edge", answer.json()["run_id"])
    assert "letmein" not in json.dumps(fork)
    (again,) = fork["deliveries"]
    answered = again["output"]["body"]
    assert (answered["body"], answered["authorized"]) == ({"n": 2}, True)


async def test_an_edited_input_that_does_not_fit_is_refused_by_field(shop: Shop) -> None:
    flow, run_id, pack = await ordered(shop)
    wrong = {"customer": 7}
    seen = await preview(shop, flow, run_id, action="fork", delivery_id=pack, data=wrong)
    assert seen["possible"] is False
    assert seen["refusal"] == "The edited input does not fit what “Pack the order” takes."
    fields = {issue["field"] for issue in seen["issues"]}
    assert "data.customer" in fields
    answer = await shop.admin.post(
        f"{API}/runs/{flow}/{run_id}/fork", json={"delivery_id": pack, "data": wrong}
    )
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "validation_failed")
    assert {detail["field"] for detail in error["details"]} == fields


async def test_what_is_held_is_foreseen(shop: Shop) -> None:
    run_id, delivery_id = await held(shop)
    retry = await preview(shop, "edge", run_id, action="retry", delivery_id=delivery_id)
    assert retry["new_run"] is False
    assert retry["sentences"][:2] == [
        "“Do something risky” is made again in this run, with the same input: one attempt.",
        "If it does not succeed, it is held again for an operator.",
    ]
    skip = await preview(shop, "edge", run_id, action="skip", delivery_id=delivery_id)
    assert skip["sentences"][0].startswith("The run goes on without “Do something risky”")
    cancel = await preview(shop, "edge", run_id, action="cancel")
    assert "1 delivery will not be made." in cancel["sentences"]
    assert (await shop.admin.post(f"{API}/runs/edge/{run_id}/cancel")).status_code == 202
    await shop.ended("edge", run_id)
    over = await preview(shop, "edge", run_id, action="cancel")
    assert (over["possible"], over["refusal"]) == (False, "The run has ended already.")
    forked = await preview(shop, "edge", run_id, action="retry", delivery_id=delivery_id)
    assert forked["new_run"] is True


async def test_a_repair_of_nothing_is_no_repair(shop: Shop) -> None:
    answer = await shop.admin.post(f"{API}/runs/edge/nothing/preview", json={"action": "cancel"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "run_not_found")
    _, run_id, _ = await ordered(shop)
    seen = await preview(shop, "orders", run_id, action="redeliver")
    assert seen["possible"] is False


async def test_fifty_held_runs_are_released_though_a_worker_has_gone(
    temporal_server: TemporalServer, tmp_path: Path
) -> None:
    address = ServerAddress(address=temporal_server.address, namespace=temporal_server.namespace)
    async with open_shop(address, tmp_path) as shop, AsyncExitStack() as staying:
        async with working(shop):
            await staying.enter_async_context(working(shop))
            starts = [shop.http.post("/risks", json={"stake": 50}) for _ in range(50)]
            runs = {answer.json()["run_id"] for answer in await asyncio.gather(*starts)}
            page = await _until_held(shop, 50)
        assert {item["run_id"] for item in page["items"]} == runs
        (group,) = page["groups"]
        assert (group["step"], group["error_code"], group["runs"]) == ("risky", "too_risky", 50)
        first = page["items"][0]
        one = {name: first[name] for name in ("flow", "run_id", "delivery_id")}

        items, end = await release(shop.admin, step="risky", dry_run=True)
        assert {item["outcome"] for item in items} == {"would"}
        assert end["sentence"] == "50 deliveries would be made again; nothing was done."

        items, end = await release(shop.admin, items=[one], action="skip")
        assert [item["outcome"] for item in items] == ["done"]
        items, end = await release(shop.admin, items=[one], action="skip")
        assert [item["outcome"] for item in items] == ["gone"]

        items, end = await release(shop.admin, flow="edge", error="too_risky", action="skip")
        assert (end["total"], end["done"], end["failed"]) == (49, 49, 0)
        assert [item["done"] for item in items] == list(range(1, 50))
        for run_id in runs:
            assert (await shop.ended("edge", run_id))["status"] == "completed"


async def test_what_is_under_way_is_finished_and_noted_though_nobody_reads_on(shop: Shop) -> None:
    chosen = [("edge", *await held(shop)) for _ in range(3)]
    under_way, nobody_reads = asyncio.Event(), asyncio.Event()
    noted: list[tuple[str, str]] = []

    async def note(line: Released) -> None:
        under_way.set()
        await nobody_reads.wait()
        noted.append((line.run_id, line.outcome))

    lines = Held(shop.engine).release(chosen, action="skip", noted=note)
    reading = asyncio.create_task(anext(lines))
    await under_way.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    nobody_reads.set()
    async with asyncio.timeout(30):
        while len(noted) < len(chosen):
            await asyncio.sleep(0.05)
    assert noted == [(run_id, "done") for _, run_id, _ in chosen]


async def test_a_run_whose_worker_does_not_answer_is_named(
    temporal_server: TemporalServer, tmp_path: Path
) -> None:
    address = ServerAddress(address=temporal_server.address, namespace=temporal_server.namespace)
    async with open_shop(address, tmp_path) as shop:
        async with working(shop):
            run_id, _ = await held(shop)
            await _until_held(shop, 1)
        await asyncio.sleep(4.5)  # what it said is believed for a moment
        page = (await shop.admin.get(f"{API}/held")).json()
        assert (page["items"], page["total"]) == ([], 0)
        assert [silent["run_id"] for silent in page["silent"]] == [run_id]
        _, end = await release(shop.admin)
        assert end["sentence"] == (
            "0 deliveries are made again; 1 run did not answer and is as before."
        )


async def _until_held(shop: Shop, count: int) -> Document:
    async with asyncio.timeout(60):
        while True:
            page = (await shop.admin.get(f"{API}/held", params={"limit": 200})).json()
            if page["total"] == count:
                return page
            await asyncio.sleep(0.3)
