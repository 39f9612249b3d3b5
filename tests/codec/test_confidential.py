"""Nothing that a user sent, got or caused is in Temporal's database in clear.

A real run against a real server: input, result, error texts (of an activity attempt that is tried
again, of one that fails the workflow, of a local activity), heartbeat details, memo, signal, query,
update, summary, a child of another flow and a schedule; then the bytes of the server's SQLite files
are searched for every one of them.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.protobuf.message import Message
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleHandle,
    ScheduleSpec,
    WorkflowFailureError,
)
from temporalio.common import RetryPolicy
from temporalio.converter import ExternalStorage
from temporalio.exceptions import ActivityError, ApplicationError, FailureError
from temporalio.worker import Worker

from tests.conftest import TemporalServer
from wistro_codec import KeyId, KeyRing, LocalStorageDriver, WistroCodec, data_converter
from wistro_codec.payload import is_sealed, key_id_of

pytestmark = pytest.mark.server

PUBLIC = "not-a-secret-7f3c"
"""Sent outside the codec: proves that the search would find what is there."""


@dataclass
class Order:
    card: str
    large: str


@activity.defn
async def charge(order: Order) -> str:
    activity.heartbeat(f"HEARTBEAT-{order.card}")
    await asyncio.sleep(0.2)  # until the heartbeat is sent
    if activity.info().attempt == 1:
        raise RuntimeError(f"ATTEMPT-{order.card}")
    return f"RESULT-{order.card}"


@activity.defn
async def refuse(order: Order) -> None:
    try:
        raise ValueError(f"CAUSE-{order.card}")
    except ValueError as cause:
        raise ApplicationError(
            f"FAILURE-{order.card}", f"DETAILS-{order.card}", non_retryable=True
        ) from cause


@workflow.defn(name="orders", sandboxed=False)
class Orders:
    def __init__(self) -> None:
        self.note = ""

    @workflow.run
    async def run(self, order: Order) -> str:
        await workflow.wait_condition(lambda: bool(self.note))
        workflow.upsert_memo({"upserted": f"UPSERT-{order.card}"})
        await workflow.execute_child_workflow(
            Billing.run, f"CHILD-{order.card}", id=f"billing/{workflow.info().workflow_id[-8:]}"
        )
        charged = await workflow.execute_activity(
            charge,
            order,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=1)),
            summary=f"SUMMARY-{order.card}",
        )
        assert charged == f"RESULT-{order.card}"
        with contextlib.suppress(FailureError):
            await workflow.execute_local_activity(
                refuse, order, start_to_close_timeout=timedelta(seconds=10)
            )
        await workflow.execute_activity(refuse, order, start_to_close_timeout=timedelta(seconds=10))
        return "never"

    @workflow.signal
    def tell(self, note: str) -> None:
        self.note = note

    @workflow.update
    def ask(self, question: str) -> str:
        return f"ANSWER-{question}"

    @workflow.query
    def read(self, question: str) -> str:
        return f"QUERY-{question}"


@workflow.defn(name="billing", sandboxed=False)
class Billing:
    @workflow.run
    async def run(self, text: str) -> str:
        return f"BILLED-{text}"


def fragments(data: bytes) -> Iterator[bytes]:
    """How a text may lie in a database: as it is, and in base64 at any of its three offsets."""
    yield data
    for offset in range(3):
        # Characters that depend on the neighbours are left out.
        yield base64.b64encode(b"\0" * offset + data)[4:-4]


async def test_nothing_is_in_clear(temporal_server: TemporalServer, tmp_path: Path) -> None:
    secret = f"4111-{secrets.token_hex(8)}"
    order = Order(card=secret, large=(secret + "~") * 20_000 + secrets.token_hex(200_000))
    ring = KeyRing.generate(datetime.now(UTC))
    blobs = tmp_path / "blobs"
    storage = ExternalStorage([LocalStorageDriver(blobs)], payload_size_threshold=100_000)
    client = await Client.connect(
        temporal_server.address,
        namespace=temporal_server.namespace,
        data_converter=data_converter(WistroCodec(ring), storage),
    )
    queue = f"codec-{secrets.token_hex(4)}"
    run = secrets.token_hex(4)
    async with Worker(
        client, task_queue=queue, workflows=[Orders, Billing], activities=[charge, refuse]
    ):
        handle = await client.start_workflow(
            Orders.run,
            order,
            id=f"orders/{PUBLIC}-{run}",
            task_queue=queue,
            memo={"customer": f"MEMO-{secret}"},
            static_summary=f"STATIC-{secret}",
        )
        assert await handle.execute_update(Orders.ask, secret) == f"ANSWER-{secret}"
        assert await handle.query(Orders.read, secret) == f"QUERY-{secret}"
        await handle.signal(Orders.tell, f"SIGNAL-{secret}")
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert isinstance(failed.value.cause, ActivityError)
        refused = failed.value.cause.cause
        assert isinstance(refused, ApplicationError)
        assert refused.message == f"FAILURE-{secret}"
        assert list(refused.details) == [f"DETAILS-{secret}"]
        assert isinstance(refused.cause, ApplicationError)
        assert refused.cause.message == f"CAUSE-{secret}"

        schedule = await client.create_schedule(
            f"{queue}-schedule",
            Schedule(
                action=ScheduleActionStartWorkflow(
                    Billing.run,
                    f"SCHEDULED-{secret}",
                    id=f"billing/cron.{run}",
                    task_queue=queue,
                    memo={"note": f"SCHEDULEMEMO-{secret}"},
                ),
                spec=ScheduleSpec(),
            ),
            memo={"note": f"OUTERMEMO-{secret}"},
        )
        await schedule.trigger()
        await scheduled_run(schedule)
        await schedule.delete()

        memo = await (await handle.describe()).memo()
        assert memo == {"customer": f"MEMO-{secret}", "upserted": f"UPSERT-{secret}"}
        histories = [event async for event in handle.fetch_history_events()]

    flows = {KeyId.parse(key_id_of(payload)).flow for payload in sealed_in(histories)}
    assert flows == {"orders", "billing"}
    searched = searchable(temporal_server.database)
    assert PUBLIC.encode() in searched
    stored = [path.read_bytes() for path in blobs.rglob("*") if path.is_file()]
    assert stored
    for place in [searched, *stored]:
        for fragment in fragments(secret.encode()):
            assert fragment not in place
    # The file itself, as a thief would find it.
    raw = b"".join(path.read_bytes() for path in database_files(temporal_server.database))
    assert not any(fragment in raw for fragment in fragments(secret.encode()))


async def scheduled_run(schedule: ScheduleHandle) -> None:
    for _ in range(100):
        if (await schedule.describe()).info.num_actions:
            return
        await asyncio.sleep(0.1)
    pytest.fail("the schedule did not start a run")


def sealed_in(message: object) -> Iterator[Payload]:
    """Every sealed payload anywhere inside protobuf messages."""
    if isinstance(message, Payload):
        if is_sealed(message):
            yield message
    elif isinstance(message, Message):
        for _, value in message.ListFields():
            yield from sealed_in(value)
    elif isinstance(message, Mapping):
        yield from sealed_in(list(message.values()))
    elif isinstance(message, Iterable) and not isinstance(message, str | bytes):
        for each in message:
            yield from sealed_in(each)


def database_files(database: Path) -> list[Path]:
    """The database with its write-ahead log."""
    return [path for path in database.parent.glob(f"{database.name}*") if path.is_file()]


def searchable(database: Path) -> bytes:
    """Every value of every table, whole: in the file a long one is split over pages."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        cells: list[bytes] = []
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                cells += [
                    value if isinstance(value, bytes) else str(value).encode() for value in row
                ]
    finally:
        connection.close()
    return b"\0".join(cells)
