"""Flows in memory with the project's real handlers: no server, no triggers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.engine.conftest import write_project
from wistro.project.plan import compile_plan
from wistro.stores.memory import MemoryState
from wistro.testing import FlowHarness
from wistro_worker import local_executor
from wistro_worker.modules import unload

FILES = {
    "charge.step.py": """
        from datetime import timedelta
        from wistro import EventStep, Retry, Retryable
        config = EventStep(name="Charge the card", flows=["orders"], subscribes=["order.placed"],
                           emits=["payment.taken"], retry=Retry(attempts=3, first_delay=timedelta(hours=1)))
        async def handler(order, ctx):
            if await ctx.state.increment("tries", order["id"]) < 2:
                raise Retryable("the provider is away")
            await ctx.emit("payment.taken", {"id": order["id"], "attempt": ctx.attempt})
        """,
    "ship.step.py": """
        from wistro import EventStep
        config = EventStep(name="Ship the order", flows=["orders"], subscribes=["payment.taken"],
                           emits=["order.shipped"])
        def handler(payment, ctx):
            ctx.emit("order.shipped", {**payment, "tries": ctx.state.get("tries", payment["id"])})
        """,
    "wistro.yml": "topics: { order.placed: { external: true }, order.shipped: { external: true } }\n",
}


async def test_real_handlers_on_a_fake_clock(tmp_path: Path) -> None:
    project = write_project(tmp_path, FILES)
    lock = project.compile().lock
    store = MemoryState()
    with local_executor(project.root, lock, store) as executor:
        assert executor.broken == {}
        flows = FlowHarness([compile_plan(lock, "orders")], executor=executor.outcome, store=store)
        run = await flows.emit("orders", "order.placed", {"id": "7"})
        assert run.emitted("payment.taken") == []
        await flows.advance(timedelta(hours=2))
        assert run.emitted("order.shipped") == [{"id": "7", "attempt": 2, "tries": 2}]
    unload(project.root)


async def test_a_step_that_does_not_load_says_so_when_it_is_run(tmp_path: Path) -> None:
    project = write_project(tmp_path, FILES)
    lock = project.compile().lock
    (project.root / "steps" / "ship.step.py").write_text("import nowhere_to_be_found\n")
    (project.root / "steps" / "charge.step.py").write_text(
        (project.root / "steps" / "charge.step.py")
        .read_text()
        .replace("config = EventStep(", "config = EventStep(id='other', ")
    )
    with local_executor(project.root, lock, MemoryState()) as executor:
        assert executor.broken["ship"].code == "load_failed"
        assert executor.broken["charge"].code == "stale_lock"
    unload(project.root)


async def test_a_step_in_another_language_asks_to_be_faked(tmp_path: Path) -> None:
    files = {
        **FILES,
        "tell.step.js": """
            export const config = { type: 'event', name: 'Tell', flows: ['orders'],
                                    subscribes: ['order.shipped'], emits: [] }
            export const handler = async () => {}
            """,
    }
    project = write_project(tmp_path, files)
    lock = project.compile().lock
    with local_executor(tmp_path, lock, MemoryState()) as executor:
        shop = FlowHarness.of(lock, executor=executor.outcome)
        run = await shop.emit("orders", "order.shipped", {"id": "7"})
        assert run.outcome == "failed"
        error = run.deliveries("tell")[0].error
        assert error
        assert error.code == "step_elsewhere"
        shop.fake("tell", output="told")
        assert (await shop.emit("orders", "order.shipped", {"id": "7"})).outcome == "completed"
