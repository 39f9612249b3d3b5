"""The overview: figures over time, the health of flows, who works, and the versions."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from tests.triggers.conftest import Shop
from wistro.contract import Trigger
from wistro.temporal.host import census

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

API = "/_wistro/api"
ORDER = {"customer": "Ada", "lines": []}


async def asked(
    shop: Shop, path: str, reached: Callable[[object], object], **params: object
) -> object:
    """What the API says once `reached` says so: the journal is written in the background."""
    async with asyncio.timeout(20):
        while True:
            answer = await shop.admin.get(f"{API}/{path}", params=params)
            assert answer.status_code == 200, answer.text
            if reached(answer.json()):
                return answer.json()
            await asyncio.sleep(0.1)


async def test_figures_of_flows_and_steps(shop: Shop) -> None:
    runs = [
        (await shop.http.post("/shops/chur/orders", json=ORDER)).headers["wistro-run-id"]
        for _ in range(3)
    ]
    for run_id in runs:
        await shop.ended("orders", run_id)

    def counted(overview: dict[str, object]) -> bool:
        return any(
            each["id"] == "orders" and each["total"]["completed"] >= 3
            for each in overview["series"]
        )

    found = await asked(shop, "overview", counted)
    assert found["width"] == 60
    places = len(found["at"])
    assert 60 <= places <= 62
    for series in (found["all"], *found["series"]):
        assert {len(column) for column in series["points"].values()} == {places}
    [orders] = [each for each in found["series"] if each["id"] == "orders"]
    assert orders["total"]["started"] == sum(orders["points"]["started"]) >= 3
    assert 0 < orders["total"]["p50"] <= orders["total"]["p95"] <= orders["total"]["p99"]
    assert found["all"]["total"]["started"] >= orders["total"]["started"]

    steps = await asked(
        shop, "overview", lambda now: now["all"]["total"]["completed"] >= 3, flow="orders"
    )
    assert steps["all"]["name"] == "Order processing"
    named = {each["id"]: each for each in steps["series"]}
    assert {"place_order", "pack"} <= set(named)
    assert named["pack"]["total"]["completed"] >= 3
    assert named["pack"]["total"]["started"] == 0


async def test_the_stretch_of_time_is_what_was_asked_for(shop: Shop) -> None:
    since = datetime.now(UTC) - timedelta(days=7)
    found = (await shop.admin.get(f"{API}/overview", params={"since": since.isoformat()})).json()
    assert found["width"] == 7200
    assert len(found["at"]) == pytest.approx(85, abs=1)
    assert datetime.fromisoformat(found["at"][0]) <= since

    wrong = {
        "invalid_filter": {"since": (datetime.now(UTC) + timedelta(hours=1)).isoformat()},
        "flow_not_found": {"flow": "order"},
    }
    for code, params in wrong.items():
        answer = await shop.admin.get(f"{API}/overview", params=params)
        assert answer.json()["error"]["code"] == code
        assert "hint:" in answer.json()["error"]["message"]
    narrow = {"since": since.isoformat(), "width": 60}
    found = (await shop.admin.get(f"{API}/overview", params=narrow)).json()
    assert found["width"] == 900  # minutes are not kept for so long


async def test_the_health_of_flows(shop: Shop) -> None:
    run_id = (await shop.http.post("/shops/chur/orders", json=ORDER)).headers["wistro-run-id"]
    await shop.ended("orders", run_id)

    def ran(health: dict[str, object]) -> object:
        [orders] = [flow for flow in health["flows"] if flow["flow"] == "orders"]
        return orders["figures"]["completed"] and orders["last_run_at"]

    health = await asked(shop, "health", ran)
    assert [flow["flow"] for flow in health["flows"]] == list(shop.runtime.lock.flows)
    held = (await shop.admin.get(f"{API}/runs", params={"status": "held"})).json()["runs"]
    found = {flow["flow"]: flow for flow in health["flows"]}
    counted = {name: flow["held"] for name, flow in found.items() if flow["held"]}
    assert counted == Counter(run["flow"] for run in held)
    assert found["orders"]["waiting"] == 0


async def test_runs_under_way_are_counted(shop: Shop) -> None:
    later = await shop.engine.start(
        "orders", Trigger(kind="event", topic="order.placed"), ORDER, after=timedelta(minutes=10)
    )
    risk = (await shop.http.post("/risks", json={"stake": 50})).json()
    await shop.shown("edge", risk["run_id"], lambda run: run["waiting_for"] == "operator")
    try:

        def waits(health: dict[str, object]) -> bool:
            found = {flow["flow"]: (flow["running"], flow["held"]) for flow in health["flows"]}
            return found["edge"] >= (1, 1) and found["orders"] >= (1, 0)

        await asked(shop, "health", waits)
        versions = await asked(shop, "versions", lambda found: found[0]["running"] >= 2)
        assert versions[0]["id"] == shop.runtime.lock.build
        assert versions[0]["current"]
        assert versions[0]["first_run_at"] <= versions[0]["last_run_at"]

        # With more of them than are listed, Temporal counts.
        with patch.object(census, "LISTED", 1):
            counted = await census.take_census(
                shop.engine.client, shop.runtime.lock, [shop.runtime.lock.build]
            )
        assert counted.running["edge"] >= 1
        assert counted.held["edge"] >= 1
        assert counted.running["orders"] >= 1
        assert counted.builds[shop.runtime.lock.build] >= 2
    finally:
        await shop.engine.cancel("edge", risk["run_id"])
        await shop.engine.cancel("orders", later.run_id)


async def test_workers(shop: Shop) -> None:
    run_id = (await shop.http.post("/shops/chur/orders", json=ORDER)).headers["wistro-run-id"]
    await shop.ended("orders", run_id)

    def works(found: dict[str, object]) -> bool:
        return any(worker["runs"] for worker in found["workers"])

    found = await asked(shop, "workers", works)
    project = shop.runtime.lock.project
    queues = {(queue["name"], queue["work"]): queue for queue in found["queues"]}
    runs = queues[f"{project}.runs", "runs"]
    assert runs["workers"] >= 1
    assert runs["backlog"] == 0
    steps = queues[f"{project}.runs", "steps"]
    assert "pack" in steps["steps"]
    assert not steps["own"]
    [worker] = [worker for worker in found["workers"] if worker["runs"]]
    assert worker["languages"] == ["python"]
    assert not worker["silent"]
