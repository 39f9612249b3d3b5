"""Calls that are made later, or again and again, over HTTP and a real Temporal server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.triggers.conftest import Shop

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

QUOTE: dict[str, Any] = {"input": {"article": "tea"}, "response_meta": {"tab": 3}}
SCHEDULED = "/_wistro/api/scheduled-calls"


async def call(shop: Shop, schedule: dict[str, object], key: str = "") -> dict[str, Any]:
    """A call that is to come."""
    headers = {"idempotency-key": key} if key else {}
    answer = await shop.admin.post(
        "/call/quotes", json={**QUOTE, "schedule": schedule}, headers=headers
    )
    assert answer.status_code == 202, answer.text
    called: dict[str, Any] = answer.json()
    assert called["status"] == "scheduled"
    return called


async def listed(shop: Shop, id: str, *, there: bool = True) -> dict[str, Any] | None:
    """A call in the list, once it is there, or is not any more: listings lag behind."""
    async with asyncio.timeout(20):
        while True:
            calls = (await shop.admin.get(SCHEDULED, params={"flow": "quotes"})).json()
            found = next((each for each in calls if each["id"] == id), None)
            if (found is not None) is there:
                return found
            await asyncio.sleep(0.1)


async def test_after_a_while(shop: Shop) -> None:
    called = await call(shop, {"after": "4s"})
    path = f"/call/quotes/{called['call_id']}"
    soon = (await shop.admin.get(path)).json()
    assert (soon["status"], soon["at"]) == ("scheduled", soon["at"])
    answer = (await shop.admin.get(path, params={"wait": 20})).json()
    assert answer["status"] == "answered"
    assert answer["response_meta"] == {"tab": 3}


async def test_listed_and_taken_back_before_it_begins(shop: Shop) -> None:
    at = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    called = await call(shop, {"at": at.isoformat()}, key="in-three-days")
    id = called["call_id"]
    assert (await call(shop, {"after": "1h"}, key="in-three-days"))["existed"]
    found = await listed(shop, id)
    assert found is not None
    assert abs(datetime.fromisoformat(found["at"]) - at) < timedelta(seconds=1)
    assert (found["flow"], found["cron"]) == ("quotes", None)
    assert (await shop.admin.get(f"{SCHEDULED}/{id}")).json() == found
    assert (await shop.admin.delete(f"{SCHEDULED}/{id}")).status_code == 204
    answer = await shop.admin.get(f"/call/quotes/{id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "cancelled")
    run = await shop.ended("quotes", id)
    assert run["status"] == "cancelled"
    await listed(shop, id, there=False)
    gone = await shop.admin.delete(f"{SCHEDULED}/{id}")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "run_not_found")


async def test_again_and_again(shop: Shop) -> None:
    schedule: dict[str, object] = {
        "cron": "0 9 * * 1",
        "time_zone": "Europe/Berlin",
        "overlap": "allow_all",
    }
    called = await call(shop, schedule, key="every-monday")
    id = called["call_id"]
    assert (await call(shop, schedule, key="every-monday"))["existed"]
    found = await listed(shop, id)
    assert found is not None
    kept = {name: found[name] for name in schedule}
    assert kept == schedule
    assert datetime.fromisoformat(found["at"]) > datetime.now(UTC)
    assert (await shop.admin.get(f"/call/quotes/{id}")).json()["at"] == found["at"]

    # Each tick is a call of its own. The shop's own schedules leave this one alone.
    name = f"wistro-call/{shop.runtime.lock.project}/quotes/{id}"
    handle = shop.engine.client.get_schedule_handle(name)
    changes = await shop.engine.sync_schedules()
    assert name not in changes.removed
    await handle.trigger()
    run_id = await first_run(shop, id)
    answer = await shop.admin.get(f"/call/quotes/{run_id}", params={"wait": 20})
    assert (answer.status_code, answer.json()["status"]) == (200, "answered"), answer.text
    assert answer.json()["response_meta"] == {"tab": 3}

    assert (await shop.admin.delete(f"{SCHEDULED}/{id}", params={"flow": "quotes"})).is_success
    assert (await shop.admin.get(f"/call/quotes/{id}")).status_code == 404
    await listed(shop, id, there=False)


async def first_run(shop: Shop, id: str) -> str:
    """The id of the first call of a schedule."""
    async with asyncio.timeout(20):
        while True:
            found = (await shop.admin.get(f"{SCHEDULED}/{id}")).json()
            if found["runs"]:
                return found["runs"][0]
            await asyncio.sleep(0.1)


async def test_a_new_build_and_a_flow_that_goes(shop: Shop) -> None:
    called = await call(shop, {"cron": "0 9 * * 1"})
    id, lock = called["call_id"], shop.engine.lock
    schedule = f"{SCHEDULED}/{id}"
    assert await listed(shop, id)
    try:
        shop.engine.reload(lock.model_copy(update={"build": "b2"}))
        assert id in (await shop.engine.sync_schedules()).updated
        gone = lock.flows["quotes"].model_copy(update={"callable": None})
        shop.engine.reload(lock.model_copy(update={"flows": {**lock.flows, "quotes": gone}}))
        assert id in (await shop.engine.sync_schedules()).updated
        assert (await shop.admin.get(schedule)).status_code == 404
    finally:
        shop.engine.reload(lock)
    paused = (await shop.admin.get(schedule)).json()
    assert (paused["paused"], paused["note"]) == (True, "the flow cannot be called any more")
    assert id in await eventually_synced(shop)
    assert (await shop.admin.get(schedule)).json()["paused"] is False
    assert (await shop.admin.delete(schedule)).is_success


async def eventually_synced(shop: Shop) -> list[str]:
    """What is updated once the listing of schedules has caught up."""
    async with asyncio.timeout(20):
        while not (changed := (await shop.engine.sync_schedules()).updated):
            await asyncio.sleep(0.1)
        return changed


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        ({}, "body.schedule"),
        ({"after": "1h", "cron": "0 9 * * 1"}, "body.schedule"),
        ({"cron": "every day"}, "body.schedule.cron"),
        ({"cron": "0 9 * * 9"}, "body.schedule.cron"),
        ({"cron": "0 9 * * 1", "time_zone": "Berlin"}, "body.schedule.time_zone"),
        ({"at": "2030-01-01T09:00:00"}, "body.schedule.at"),
        ({"at": "2099-01-01T09:00:00Z"}, "body.schedule.at"),
        ({"after": "-1"}, "body.schedule.after"),
    ],
)
async def test_what_is_refused(shop: Shop, schedule: dict[str, str], field: str) -> None:
    answer = await shop.admin.post("/call/quotes", json={**QUOTE, "schedule": schedule})
    error = answer.json()["error"]
    assert (answer.status_code, error["details"][0]["field"]) == (422, field), answer.text
    twice = await shop.admin.post(
        "/call/quotes", json={**QUOTE, "schedule": {"after": 1}}, headers={"wistro-delay": "5"}
    )
    assert twice.status_code == 422
