"""What the pages of runs ask the management API for: lists, counts, and runs in detail."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.triggers.conftest import Shop
from wistro.shortening import shorten, size_of
from wistro.temporal.host.listing import RunFilter
from wistro_triggers.management import runs

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

API = "/_wistro/api"


async def get(shop: Shop, path: str, **query: Any) -> Any:
    answer = await shop.admin.get(f"{API}{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def listed(shop: Shop, run_id: str, **query: Any) -> Any:
    """The run's line in a list, where it appears after a moment."""
    async with asyncio.timeout(20):
        while True:
            page = await get(shop, "/runs", **query)
            if found := [run for run in page["runs"] if run["run_id"] == run_id]:
                return found[0]
            await asyncio.sleep(0.1)


async def held(shop: Shop) -> tuple[str, dict[str, Any]]:
    accepted = (await shop.http.post("/risks", json={"stake": 50})).json()
    run = await shop.shown("edge", accepted["run_id"], lambda run: run["waiting_for"] == "operator")
    return accepted["run_id"], run


async def test_a_list_takes_several_flows_and_statuses(shop: Shop) -> None:
    run_id, _ = await held(shop)
    query = {"flow": ["edge", "orders"], "status": ["held", "failed"], "text": run_id[:6]}
    found = await listed(shop, run_id, **query)
    assert found["flow"] == "edge"
    assert found["waiting_for"] == "operator"
    nowhere = await get(shop, "/runs", flow=["orders"], text=run_id[:6])
    assert nowhere["runs"] == []


async def test_runs_are_found_by_text_within_their_ids(shop: Shop) -> None:
    run_id, _ = await held(shop)
    for text in (run_id[:8], run_id[5:17], run_id[-9:].upper(), f"dge/{run_id[:8]}"):
        await listed(shop, run_id, text=text)
        await listed(shop, run_id, text=text, flow=["edge", "orders"], status="held")
        counts = await get(shop, "/runs/count", text=text, flow="edge")
        assert (counts["running"], counts["held"], counts["partial"]) == (1, 1, False)
        assert (await get(shop, "/runs", text=text, flow="orders"))["runs"] == []
    for text in (f"{run_id[5:17]}z", f"edge/{run_id[1:9]}", "edge", "%", "_"):
        page = await get(shop, "/runs", text=text)
        assert (page["runs"], page["partial"]) == ([], False)


async def test_of_many_ids_with_a_text_the_latest_are_looked_at(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_MOST_IDS", 1)
    first, _ = await held(shop)
    second, _ = await held(shop)
    digit = next(iter((set(first) & set(second)) - {first[0], second[0]}))
    await listed(shop, second, flow="edge", text=digit)
    page = await get(shop, "/runs", flow="edge", text=digit)
    assert page["partial"]
    assert first not in {run["run_id"] for run in page["runs"]}
    # Temporal itself knows which ids begin with a text.
    await listed(shop, first, flow="edge", text=first[:8])


async def test_a_list_of_one_version(shop: Shop) -> None:
    run_id, _ = await held(shop)
    build = (await get(shop, "/project"))["build"]
    assert (await listed(shop, run_id, version=build))["version"] == build
    assert (await get(shop, "/runs", version="0" * 16))["runs"] == []


async def test_runs_are_counted_by_status(shop: Shop) -> None:
    run_id, _ = await held(shop)
    await listed(shop, run_id, status="held")
    counts = await get(shop, "/runs/count", text=f"edge/{run_id}")
    assert counts == {
        "running": 1,
        "completed": 0,
        "failed": 0,
        "cancelled": 0,
        "timed_out": 0,
        "held": 1,
        "partial": False,
    }


async def test_a_run_that_goes_on_in_a_fresh_history_is_listed_once() -> None:
    query = RunFilter(project="shop", flows=("orders", "edge"), text="orders/12").query()
    assert "ExecutionStatus != 'ContinuedAsNew'" in query
    assert "WorkflowType IN ('orders', 'edge')" in query
    assert "WorkflowId STARTS_WITH 'orders/12'" in query


async def test_runs_say_what_they_wait_for(shop: Shop) -> None:
    run_id, _ = await held(shop)
    asked = [f"edge/{run_id}", f"edge/{'0' * 32}"]
    known, unknown = (await get(shop, "/runs/waiting", run=asked))["runs"]
    assert known["waiting_for"] == "operator"
    assert "has to retry or skip" in known["why_waiting"]
    assert unknown["waiting_for"] is None


async def test_a_run_lists_its_waits_and_its_attempts(shop: Shop) -> None:
    _, run = await held(shop)
    (delivery,) = [each for each in run["deliveries"] if each["status"] == "held"]
    (wait,) = [wait for wait in run["waits"] if wait["kind"] == "operator"]
    assert wait["delivery_id"] == delivery["delivery_id"]
    assert wait["name"] == delivery["name"]
    assert [attempt["number"] for attempt in delivery["attempts"]] == list(
        range(1, len(delivery["attempts"]) + 1)
    )
    assert all(attempt["error"] for attempt in delivery["attempts"])


async def test_attempts_that_took_too_long_are_not_taken_for_lost_ones(shop: Shop) -> None:
    run_id = (await shop.http.post("/risks", json={"stake": -1})).json()["run_id"]

    def codes(run: Any) -> list[str | None]:
        attempts = run["deliveries"][-1]["attempts"]
        return [attempt["error"] and attempt["error"]["code"] for attempt in attempts]

    # The worker notes that it has stopped an attempt when it hears of it.
    await shop.shown("edge", run_id, lambda run: codes(run) == ["timeout", "timeout", None])


async def test_linked_runs_are_told_with_their_status(shop: Shop) -> None:
    accepted = await shop.http.post(
        "/shops/7/orders", json={"customer": "Ada", "lines": [{"article": "gear", "count": 2}]}
    )
    run_id = accepted.json()["order"]
    run: Any = await shop.ended("orders", run_id)
    (started,) = run["related"]
    assert (started["relation"], started["flow"], started["flow_name"]) == (
        "started",
        "parcels",
        "Parcels",
    )
    assert started["status"] in {"running", "completed"}
    other: Any = await shop.ended("parcels", started["run_id"])
    (parent,) = other["related"]
    assert (parent["relation"], parent["flow"], parent["run_id"]) == ("parent", "orders", run_id)


async def test_a_delivery_alone_is_whole(shop: Shop) -> None:
    run_id, run = await held(shop)
    delivery = run["deliveries"][0]
    path = f"/runs/edge/{run_id}/deliveries/{delivery['delivery_id']}"
    assert (await get(shop, path))["input"] == delivery["input"]
    missing = await shop.admin.get(f"{API}/runs/edge/{run_id}/deliveries/nothing")
    assert missing.status_code == 404
    assert missing.json()["error"]["code"] == "delivery_not_found"


async def test_large_values_are_shortened() -> None:
    value = {f"field {number}": "x" * 1000 for number in range(100)}
    short, cut = shorten(value, 2000)
    assert cut
    assert size_of(short) <= 4000
    assert isinstance(short, dict)
    assert short["…"] == "88 more"
    assert shorten({"a": 1}, 2000) == ({"a": 1}, False)
    deep, cut = shorten([[[[[list(range(1000))]]]]], 100)
    assert cut
    assert deep == [[[["… 1 entries"]]]]
