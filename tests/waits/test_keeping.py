"""Messages that come before anybody waits, and those that come twice."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TemporalServer
from tests.waits.conftest import Wait, Waiting, open_waits, orders
from tests.waits.test_correlation import shipped
from wistro.stores.sqlite_waits import SqliteWaits
from wistro.stores.waits import KeptMessage
from wistro.temporal import wire
from wistro.temporal.host.waits import Waits

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_message_that_comes_too_early_is_kept_for_its_run(wait: Wait) -> None:
    async with wait(orders()) as project:
        for number in range(3):
            sent = await project.send("payment.arrived", {"order": f"o{number}"})
            assert (sent["reached"], sent["kept"]) == ([], True)
        run = await project.begin({"id": "o1"})
        assert shipped(await project.ended(run))["answer"] == {"order": "o1"}


async def test_a_kept_message_goes_to_one_run_of_each_flow(wait: Wait) -> None:
    async with wait(orders()) as project:
        assert (await project.send("payment.arrived", {"order": "one"}))["kept"]
        first = await project.begin({"id": "one"})
        assert (await project.ended(first)).status == "completed"
        second = await project.start({"id": "one"})
        assert (await project.engine.show(second.run_id, "orders")).status == "running"


async def test_a_flow_that_waits_later_gets_what_another_has_had(wait: Wait) -> None:
    files = orders()
    others = {
        name.replace(".step", "_again.step"): text.replace('"orders"', '"again"').replace(
            "order.p", "again.p"
        )
        for name, text in files.items()
        if name.endswith(".py")
    }
    async with wait(files | others) as project:
        run = await project.start({"id": "z"})
        sent = await project.send("payment.arrived", {"order": "z"})
        assert sent["reached"] == [{"flow": "orders", "run_id": run.run_id}]
        assert sent["kept"], "for a run of the other flow"
        again = await project.begin({"id": "z"}, step="order_again", flow="again")
        assert (await project.ended(again)).status == "completed"


async def test_a_message_is_not_kept_longer_than_its_topic_says(wait: Wait) -> None:
    topic = "payment.arrived: { external: true, keep: 1s }"
    async with wait(orders(topic=topic)) as project:
        assert (await project.send("payment.arrived", {"order": "late"}))["kept"]
        await asyncio.sleep(1.1)
        run = await project.start({"id": "late"})
        assert (await project.engine.show(run.run_id, "orders")).status == "running"


async def test_a_topic_may_keep_nothing(wait: Wait) -> None:
    topic = "payment.arrived: { external: true, keep: 0 }"
    async with wait(orders(topic=topic)) as project:
        sent = await project.send("payment.arrived", {"order": "gone"})
        assert (sent["reached"], sent["kept"]) == ([], False)
        run = await project.start({"id": "gone"})
        assert (await project.engine.show(run.run_id, "orders")).status == "running"


async def test_a_repeated_event_reaches_each_wait_once(wait: Wait) -> None:
    event = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/bank",
        "type": "payment",
        "data": {"order": "twice"},
    }
    async with wait(orders()) as project:
        run = await project.start({"id": "twice"})
        kind = "application/cloudevents+json"
        for _ in range(3):
            sent = await project.send("payment.arrived", event, content_type=kind)
            assert sent["reached"] == [{"flow": "orders", "run_id": run.run_id}]
        assert (await project.ended(run)).status == "completed"
        assert await signals(project, run.run_id) == 1

        again = await project.start({"id": "twice"})
        await project.send("payment.arrived", event, content_type=kind)
        assert (await project.engine.show(again.run_id, "orders")).status == "running"


async def test_a_batch_of_events(wait: Wait) -> None:
    async with wait(orders()) as project:
        runs = [await project.start({"id": f"b{number}"}) for number in range(3)]
        batch = [
            {
                "specversion": "1.0",
                "id": str(number),
                "source": "/bank",
                "type": "payment",
                "data": {"order": f"b{number}"},
            }
            for number in range(3)
        ]
        answer = await project.http.post(
            "/_wistro/topics/payment.arrived",
            content=json.dumps(batch),
            headers={"content-type": "application/cloudevents-batch+json"},
        )
        assert [run["run_id"] for run in answer.json()["reached"]] == [r.run_id for r in runs]


async def test_a_repeated_message_with_a_key(wait: Wait) -> None:
    async with wait(orders()) as project:
        assert (await project.send("payment.arrived", {"order": "k"}, idempotency_key="1"))["kept"]
        run = await project.begin({"id": "k"})
        assert (await project.ended(run)).status == "completed"
        sent = await project.send("payment.arrived", {"order": "k"}, idempotency_key="1")
        assert (sent["reached"], sent["kept"]) == (
            [{"flow": "orders", "run_id": run.run_id}],
            False,
        )


async def test_a_run_that_was_told_twice_takes_a_message_once(wait: Wait) -> None:
    """Whoever dies after telling a run, and before noting that, tells it again."""
    async with wait(orders()) as project:
        run = await project.start({"id": "again"})
        handle = project.engine.handle("orders", run.run_id)
        message = wire.Message(topic="payment.arrived", data={"order": "again"}, id="m1")
        for _ in range(3):
            await handle.signal(wire.MESSAGE_SIGNAL, message)
        assert (await project.ended(run)).status == "completed"
        state = (await project.engine.snapshot("orders", run.run_id)).state
        assert (state.early, state.had) == ([], ["m1"])


async def test_opening_and_sending_at_the_same_time_loses_nothing(wait: Wait) -> None:
    async with wait(orders()) as project:

        async def one(number: int) -> dict[str, Any]:
            run, _ = await asyncio.gather(
                project.begin({"id": number}), project.send("payment.arrived", {"order": number})
            )
            result = await asyncio.wait_for(
                project.engine.handle("orders", run.run_id).result(), 30
            )
            return {"outcome": result.outcome}

        for first in range(0, 100, 20):
            found = await asyncio.gather(*(one(number) for number in range(first, first + 20)))
            assert found == [{"outcome": "completed"}] * 20


async def test_a_run_that_was_ended_by_force_is_not_reached(wait: Wait) -> None:
    async with wait(orders()) as project:
        run = await project.start({"id": "dead"})
        await project.engine.handle("orders", run.run_id).terminate()
        sent = await project.send("payment.arrived", {"order": "dead"})
        assert (sent["reached"], sent["kept"]) == ([], True)
        assert run.run_id not in await open_waits(project.store)


async def test_a_topic_that_is_unknown_or_too_large_a_message(wait: Wait) -> None:
    topic = "payment.arrived: { external: true }\nlimits: { message_size: 10KiB }"
    async with wait(orders(topic=topic)) as project:
        refused = await project.send("payment.arived", {}, status=404)
        assert "did you mean `payment.arrived`?" in refused["error"]["message"]
        refused = await project.send("payment.arrived", {"text": "x" * 20_000}, status=413)
        assert refused["error"]["code"] == "message_too_large"


async def test_messages_past_their_time_are_forgotten(wait: Wait) -> None:
    async with wait(orders()) as project:
        await project.send("payment.arrived", {"order": "a"}, idempotency_key="a")
        await project.send("payment.arrived", {"order": "b"})
        now = [0.0]
        waits = Waits(project.engine, project.store, project.runtime.keys, now=lambda: now[0])
        now[0] = time.time() + timedelta(hours=2).total_seconds()
        assert await waits.prune() == 3  # two contents, and the message that has no key
        now[0] += timedelta(hours=24).total_seconds()
        assert await waits.prune() == 1
        assert await waits.prune() == 0


async def test_nothing_is_stored_in_clear(wait: Wait, temporal_server: TemporalServer) -> None:
    secret = "jellyfish-41-in-aspic"
    async with wait(orders()) as project:
        run = await project.start({"id": secret, "note": f"{secret} waits"})
        await project.start({"id": f"{secret}-other"})
        await project.send("payment.arrived", {"order": f"{secret}-early", "by": secret})
        await project.send("payment.arrived", {"order": secret}, idempotency_key=secret)
        await project.ended(run)
        ours = project.runtime.folder
        assert (ours / "wistro.db").exists()
        for path in [*ours.glob("wistro.db*"), *_beside(temporal_server.database)]:
            assert secret.encode() not in path.read_bytes(), path


def _beside(database: Path) -> list[Path]:
    return list(database.parent.glob(f"{database.name}*"))


async def signals(project: Waiting, run_id: str) -> int:
    """How often a run was signalled."""
    history = await project.engine.handle("orders", run_id).fetch_history()
    return sum(e.HasField("workflow_execution_signaled_event_attributes") for e in history.events)


async def test_a_wait_is_found_among_a_hundred_thousand_by_an_index(tmp_path: Path) -> None:
    store = await SqliteWaits.open(tmp_path / "wistro.db")
    rows = [
        ("f", f"r{n}", "d", 0, "t", "order", f"digest-{n}", "k", b"x", 0) for n in range(100_000)
    ]

    def fill(db: sqlite3.Connection) -> None:
        db.executemany(
            "INSERT INTO waits (flow, run_id, delivery_id, opening, topic, path, digest, key, content,"
            " since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )

    await store._file.write(fill)
    message = KeptMessage(
        id="m",
        topic="t",
        digests=("digest-77777",),
        content=None,
        keep_until=0,
        forget_at=0,
        until=200_000,
    )
    hundreds = 0

    def count() -> None:
        nonlocal hundreds
        hundreds += 1

    await store._file.read(lambda db: db.set_progress_handler(count, 100))
    (found,) = await store.waiting(message, flow=None, after=0, limit=200)
    assert found.id.run_id == "r77777"
    assert hundreds < 10  # of SQLite's instructions: looking at each wait takes thousands
    await store.close()
