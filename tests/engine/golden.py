"""Golden histories: recorded runs that today's code must replay to the same commands.

Record a new one with `python -m tests.engine.golden NAME …` after a released change of the machine;
never delete an old one. They are encrypted with the fixed key below, which protects nothing.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter

from wistro.machine.plan import PLAN_VERSION
from wistro_codec import KeyRing, Master, WistroCodec, data_converter, write_keys

HISTORIES = Path(__file__).parent / "histories"
KEYS = KeyRing([Master("golden", datetime(2026, 1, 1, tzinfo=UTC), bytes(range(32)))], "golden")


def converter() -> DataConverter:
    """Reads the golden histories."""
    return data_converter(WistroCodec(KEYS))


def load(path: Path) -> WorkflowHistory:
    """A recorded history; its workflow id is in its file name, with `~` for `/`."""
    return WorkflowHistory.from_json(path.stem.split(".")[-1].replace("~", "/"), path.read_text())


async def record(names: list[str]) -> None:
    """Runs the scenarios on a development server and writes their histories."""
    from tests.engine import conftest, golden_outside, test_runs, test_scale
    from wistro.temporal.host.devserver import DevServer, ServerAddress, find_binary

    async def orders(hosted: conftest.Hosted) -> tuple[str, ...]:
        started = await hosted.emit("order.placed", {"id": "8", "card": "declined"})
        run = await hosted.until(started, lambda run: run.waiting_for == "operator")
        held = run.deliveries[0].delivery_id
        await hosted.engine.retry(run.flow, run.run_id, held, data={"id": "8"})
        await hosted.ended(started)
        return (f"{run.flow}/{run.run_id}",)

    async def request(hosted: conftest.Hosted) -> tuple[str, ...]:
        answer = await hosted.engine.request(
            "orders", conftest.api("place"), test_runs.REQUEST, timeout=timedelta(seconds=20)
        )
        await hosted.until(answer, lambda run: run.status == "completed")
        return (f"orders/{answer.run_id}",)

    def emitting(data: object) -> golden_outside.Scenario:
        async def scenario(hosted: conftest.Hosted) -> tuple[str, ...]:
            started = await hosted.emit("begin", data)
            await hosted.until(
                started, lambda run: run.status != "running" or bool(run.waiting_for == "operator")
            )
            if (await hosted.engine.show(started.run_id)).status == "running":
                await hosted.engine.cancel(started.flow, started.run_id)
                await hosted.ended(started)
            return (f"{started.flow}/{started.run_id}",)

        return scenario

    scenarios: dict[str, tuple[dict[str, str], golden_outside.Scenario]] = {
        name: (golden_outside.FILES, scenario)
        for name, scenario in golden_outside.SCENARIOS.items()
    } | {
        "held-and-retried": (test_runs.ORDERS, orders),
        "request": (test_runs.ORDERS, request),
        "fan-out-and-join": (test_scale.FAN, emitting(20)),
        "continued-as-new": (test_scale.LOOP, emitting(300)),
        "segment": (test_scale.INLINE, emitting({"x": 1})),
        "segment-held-and-cancelled": (test_scale.INLINE, emitting({"break_at": 2})),
    }
    HISTORIES.mkdir(exist_ok=True)
    binary = find_binary().path
    with tempfile.TemporaryDirectory() as folder:
        async with DevServer(
            binary=binary, folder=Path(folder), in_memory=True, ui=False
        ) as server:
            address = ServerAddress(address=server.address, namespace="default")
            for name in names or list(scenarios):
                files, scenario = scenarios[name]
                root = Path(folder) / name
                (root / ".wistro").mkdir(parents=True)
                write_keys(root / ".wistro" / "keys.json", KEYS)
                services = golden_outside.services
                async with conftest.hosting(address, root, files, services=services) as hosted:
                    for workflow_id in await scenario(hosted):
                        handle = hosted.engine.client.get_workflow_handle(workflow_id)
                        history = await handle.fetch_history()
                        stem = f"plan{PLAN_VERSION}.{name}.{workflow_id.replace('/', '~')}"
                        (HISTORIES / f"{stem}.json").write_text(history.to_json())
                        print(f"recorded {stem}: {len(history.events)} events")


if __name__ == "__main__":
    from wistro.temporal.host.exit import leave

    asyncio.run(record(sys.argv[1:]))
    leave(0)
