"""Schedules over HTTP: when they tick, pausing them, and making up for ticks that were missed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.triggers.conftest import Shop
from wistro.temporal.host.schedules import schedule_id

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

NIGHTLY = "/_wistro/api/schedules/orders/nightly"


def nights(count: int) -> tuple[str, str]:
    """Moments around the latest `count` ticks of the nightly step."""
    noon = datetime.now(ZoneInfo("Europe/Zurich")).replace(hour=12, minute=0, second=0)
    if noon > datetime.now(UTC):
        noon -= timedelta(days=1)
    return (noon - timedelta(days=count)).isoformat(), noon.isoformat()


async def test_a_schedule_says_when_it_ticks(shop: Shop) -> None:
    (schedule,) = (await shop.admin.get("/_wistro/api/schedules")).json()
    assert schedule["words"] == "every day at 03:00 Europe/Zurich"
    assert {fact["label"] for fact in schedule["facts"]} >= {"When ticks meet", "Missed ticks"}
    ticks = [datetime.fromisoformat(at) for at in schedule["next_ticks"]]
    assert len(ticks) == 10
    assert {at.astimezone(ZoneInfo("Europe/Zurich")).hour for at in ticks} == {3}


async def test_what_was_said_of_a_pause_stays(shop: Shop) -> None:
    paused = (await shop.admin.post(f"{NIGHTLY}/pause", json={"note": "stock taking"})).json()
    assert (paused["paused"], paused["note"]) == (True, "Paused by operator: stock taking")
    id = schedule_id(shop.engine.lock.project, "orders", "nightly")
    assert (await shop.engine.sync_schedules()).updated == []  # it still goes by its digest
    description = await shop.engine.client.get_schedule_handle(id).describe()
    assert description.schedule.state.paused
    resumed = (await shop.admin.post(f"{NIGHTLY}/resume")).json()
    assert (resumed["paused"], resumed["note"]) == (False, "Resumed by operator")


async def test_missed_ticks_are_listed_and_made_up_for(shop: Shop) -> None:
    since, until = nights(3)
    wanted = {"since": since, "until": until}
    listed = await shop.admin.post(f"{NIGHTLY}/backfill", json={**wanted, "dry_run": True})
    assert (listed.status_code, listed.json()["started"]) == (200, 0), listed.text
    ticks = listed.json()["ticks"]
    assert [tick["run_id"] for tick in ticks] == [None, None, None]
    hours = {
        datetime.fromisoformat(t["at"]).astimezone(ZoneInfo("Europe/Zurich")).hour for t in ticks
    }
    assert hours == {3}

    last = {"since": ticks[2]["at"], "until": ticks[2]["at"].replace(":00Z", ":01Z")}
    one = await shop.admin.post(f"{NIGHTLY}/backfill", json=last)
    assert (one.status_code, one.json()["started"]) == (202, 1), one.text

    async def made(count: int) -> list[dict[str, str]]:
        async with asyncio.timeout(30):
            while True:
                dry = {**wanted, "dry_run": True}
                found = (await shop.admin.post(f"{NIGHTLY}/backfill", json=dry)).json()["ticks"]
                if [tick["status"] for tick in found].count("completed") == count:
                    return found
                await asyncio.sleep(0.1)

    before = await made(1)
    assert [bool(tick["run_id"]) for tick in before] == [False, False, True]
    rest = await shop.admin.post(f"{NIGHTLY}/backfill", json=wanted)
    assert rest.json()["started"] == 2  # the tick that has a run is left as it is
    after = await made(3)
    assert after[2]["run_id"] == before[2]["run_id"]
    for tick in after:
        run = await shop.ended("orders", tick["run_id"])
        assert (run["status"], run["trigger"]) == ("completed", "cron:nightly")

    schedule = (await shop.admin.get(NIGHTLY)).json()
    assert {tick["run_id"] for tick in after} <= {tick["run_id"] for tick in schedule["recent"]}


@pytest.mark.parametrize(
    ("since", "until", "field", "says"),
    [
        ("2025-01-02T00:00:00Z", "2025-01-01T00:00:00Z", "until", "not later than `since`"),
        ("2025-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "until", "in the future"),
        ("2015-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "until", "more than 1,000 ticks"),
        ("2025-01-01T00:00:00", "2025-01-02T00:00:00", "body.since", "timezone"),
    ],
)
async def test_ranges_that_make_no_sense(
    shop: Shop, since: str, until: str, field: str, says: str
) -> None:
    wanted = {"since": since, "until": until, "dry_run": True}
    answer = await shop.admin.post(f"{NIGHTLY}/backfill", json=wanted)
    assert answer.status_code == 422, answer.text
    (detail, *_) = answer.json()["error"]["details"]
    assert detail["field"] == field
    assert says in detail["message"]


async def test_only_schedules_are_made_up_for(shop: Shop) -> None:
    since, until = nights(1)
    wanted = {"since": since, "until": until}
    answer = await shop.admin.post("/_wistro/api/schedules/orders/pack/backfill", json=wanted)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "schedule_not_found")
    odd = await shop.admin.post(f"{NIGHTLY}/backfill", json={**wanted, "overlap": "sometimes"})
    assert odd.status_code == 422
