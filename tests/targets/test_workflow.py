"""The workflow of a delivery: its schedule, its replay, and what it does when its history grows long."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.worker import Replayer

from tests.targets.conftest import FILES, Desk, open_desk
from tests.targets.receiver import SECRET, receiving, status
from wistro.project.answer_settings import AnswerSettings
from wistro.targets import Unreached
from wistro.temporal.activities.answers import next_wait
from wistro.temporal.host import tuning
from wistro.temporal.host.devserver import DevServer, ServerBinary
from wistro.temporal.host.hosting import WORKFLOWS
from wistro.temporal.host.serverbinary import ServerAddress


def test_the_schedule_spans_days() -> None:
    settings = AnswerSettings()
    waits = [next_wait(settings, number, ValueError()) for number in range(1, 11)]
    assert waits[-1] is None
    planned = [each.total_seconds() for each in settings.retry]
    for wait, plan in zip(waits[:-1], planned, strict=True):
        assert wait is not None
        assert plan <= wait <= 1.1 * plan
    assert sum(planned) > timedelta(days=3).total_seconds()


@pytest.mark.parametrize(("after", "least"), [(60.0, 60.0), (1.0, 5.0), (1e9, 86_400.0)])
def test_what_the_receiver_asks_for(after: float, least: float) -> None:
    wait = next_wait(AnswerSettings(), 1, Unreached("busy", retry_after=after))
    assert wait is not None
    assert least <= wait <= 1.1 * least


@pytest.mark.server
async def test_its_history_replays(desk: Desk) -> None:
    replies = {1: status(500), 2: status(410)}
    async with receiving(lambda number: replies.get(number, status(200))) as receiver:
        call_id = await desk.call("ask", 1, {"target": "webhook", "url": receiver.url})
        await desk.record("ask", call_id, "undelivered")
        await desk.admin.post(f"/_wistro/api/answers/ask/{call_id}/redeliver")
        await desk.record("ask", call_id)
    client = desk.engine.client
    history = await client.get_workflow_handle(f"ask/{call_id}/answer").fetch_history()
    replayer = Replayer(workflows=WORKFLOWS, data_converter=desk.runtime.data_converter)
    await replayer.replay_workflow(history)


@pytest.mark.server
@pytest.mark.slow
async def test_a_long_history_is_left_behind(
    tmp_path: Path, temporal_binary: ServerBinary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the record is lost, and the delivery waits on as it did."""
    key = "limit.historyCount.suggestContinueAsNew"
    monkeypatch.setitem(tuning.DYNAMIC_CONFIG, key, "40")
    server = DevServer(binary=temporal_binary.path, folder=tmp_path / "temporal", ui=False)
    await server.start()
    try:
        address = ServerAddress(address=server.address, namespace=server.namespace)
        secrets = {"HOOK_SECRET": SECRET}
        async with (
            receiving(lambda number: status(200 if number == 12 else 410)) as receiver,
            open_desk(address, tmp_path / "desk", FILES, secrets) as desk,
        ):
            call_id = await desk.call("ask", 1, {"target": "webhook", "url": receiver.url})
            handle = desk.engine.client.get_workflow_handle(f"ask/{call_id}/answer")
            path = f"/answers/ask/{call_id}"
            for number in range(1, 12):
                await desk.shown(
                    path,
                    lambda found, n=number: (
                        len(found["answers"][0]["attempts"]) == n
                        and found["answers"][0]["status"] == "undelivered"
                    ),
                )
                asked = await desk.admin.post(f"/_wistro/api{path}/redeliver")
                assert asked.status_code == 202, asked.text
            record = await desk.record("ask", call_id)
            assert [each.status_code for each in record.attempts] == [410] * 11 + [200]
            assert {each.id for each in receiver.received} == {f"{call_id}.answer"}
            description = await handle.describe()
            assert description.raw_info.first_run_id != description.run_id
    finally:
        await server.stop()
