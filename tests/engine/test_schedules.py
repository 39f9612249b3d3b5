"""Cron steps as Temporal schedules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.conftest import Host, Hosted
from wistro.project import Project
from wistro.temporal.host.schedules import schedule_id

pytestmark = pytest.mark.server

NIGHTLY = """
    from wistro import CronStep
    config = CronStep(name="Every night", flows=["f"], cron="{cron}", emits=["night.fell"])
    async def handler(ctx):
        await ctx.state.increment("ticks", "nightly")
        await ctx.emit("night.fell", {{"run": ctx.run_id}})
    """
FILES = {
    "nightly.step.py": NIGHTLY.format(cron="0 3 * * *"),
    "after.step.py": """
        from wistro import EventStep
        config = EventStep(name="Afterwards", flows=["f"], subscribes=["night.fell"], emits=[])
        async def handler(message, ctx):
            return message["run"] == ctx.run_id and ctx.trigger.kind
        """,
}


async def hours(hosted: Hosted, id: str) -> list[str]:
    """The hours at which a schedule ticks."""
    handle = hosted.engine.client.get_schedule_handle(id)
    spec = (await handle.describe()).schedule.spec
    return [str(span.start) for calendar in spec.calendars for span in calendar.hour]


async def listed(hosted: Hosted, count: int) -> list[str]:
    """The project's schedules, once the listing, which lags behind, has `count` of them."""
    project = hosted.engine.lock.project
    async with asyncio.timeout(15):
        while True:
            every = [each.id async for each in await hosted.engine.client.list_schedules()]
            found = [id for id in every if f"/{project}/" in id]
            if len(found) == count:
                return found
            await asyncio.sleep(0.1)


@pytest.fixture
async def scheduled(host: Host) -> AsyncIterator[Hosted]:
    """A hosted project with a cron step, whose schedules are removed afterwards."""
    async with host(FILES) as hosted:
        yield hosted
        async for each in await hosted.engine.client.list_schedules():
            if f"/{hosted.engine.lock.project}/" in each.id:
                await hosted.engine.client.get_schedule_handle(each.id).delete()


def edit(root: Path, cron: str | None) -> Project:
    """Changes the time of the cron step, or removes it."""
    path = root / "steps" / "nightly.step.py"
    if cron is None:
        path.unlink()
    else:
        path.write_text(path.read_text().replace("0 3 * * *", cron))
    return Project.open(root)


async def test_schedules_follow_the_lock(scheduled: Hosted) -> None:
    engine = scheduled.engine
    id = schedule_id(engine.lock.project, "f", "nightly")
    first, second = await asyncio.gather(engine.sync_schedules(), engine.sync_schedules())
    assert [*first.created, *second.created] == [id]  # two processes at once: one schedule
    assert await listed(scheduled, 1) == [id]
    assert await hours(scheduled, id) == ["3"]
    assert (await engine.sync_schedules()).updated == []

    await engine.client.get_schedule_handle(id).pause()
    engine.reload(edit(scheduled.root, "30 4 * * *").compile().lock)
    assert (await engine.sync_schedules()).updated == [id]
    assert await hours(scheduled, id) == ["4"]
    description = await engine.client.get_schedule_handle(id).describe()
    assert description.schedule.state.paused  # what an operator said outlives an update

    engine.reload(edit(scheduled.root, None).compile().lock)
    assert (await engine.sync_schedules()).removed == [id]
    assert await listed(scheduled, 0) == []


async def test_a_tick_starts_one_run(scheduled: Hosted) -> None:
    engine = scheduled.engine
    await engine.sync_schedules()
    handle = engine.client.get_schedule_handle(schedule_id(engine.lock.project, "f", "nightly"))
    await handle.trigger()
    async with asyncio.timeout(20):
        while not (page := await engine.list_runs(trigger="cron:nightly", status="completed")).runs:
            await asyncio.sleep(0.2)
    (summary,) = page.runs
    run = await engine.show(summary.run_id)
    assert summary.run_id.startswith("cron.nightly-")
    assert [(d.step, d.output) for d in run.deliveries] == [("nightly", None), ("after", "cron")]
    ticks = await scheduled.state.get("ticks", "nightly")
    assert ticks is not None
    assert ticks.value == 1
