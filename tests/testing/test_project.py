"""Flows of a real project in memory: what a user's own tests look like.

The fixture `project` is the one that every user has.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from wistro.errors import SetupError, Terminal
from wistro.testing import FlowHarness
from wistro_worker.testing import flow_harness, project

__all__ = ["project"]


@pytest.fixture
def project_root() -> Path:
    return Path(__file__).parent / "shop"


async def test_a_request_is_answered_and_its_emissions_go_on(project: FlowHarness) -> None:
    run = await project.request("place_order", {"id": "7", "total": "12.50"})
    assert run.answer is not None
    assert run.answer.output == {"status": 201, "headers": {}, "body": {"order": "7"}}
    assert run.waiting.kind == "timer"
    await project.advance(minutes=1)
    assert run.outcome == "completed"
    assert run.emitted("payment.taken") == [{"order_id": "7"}]
    assert await project.state.get("orders", "7") == {"id": "7", "total": "12.50"}


async def test_retries_wait_on_the_fake_clock(project: FlowHarness) -> None:
    run = await project.emit("orders", "order.placed", {"id": "7", "total": "1"})
    for seconds, attempts in ((0, 1), (2, 2), (4, 3)):
        await project.advance(seconds=seconds)
        assert len(run.deliveries("charge_card")[0].attempts) == attempts
    assert run.outcome == "completed"


async def test_declined_card(project: FlowHarness) -> None:
    project.fake("charge_card", emits=[("payment.refused", {"order_id": "7"})])
    run = await project.emit("orders", "order.placed", {"id": "7", "total": "12.50"})
    await project.advance(hours=23)
    assert run.emitted("order.cancelled") == []
    await project.advance(hours=1)
    assert run.emitted("order.cancelled") == [{"order_id": "7"}]
    (mail,) = project.runs("mail")
    assert mail.deliveries()[0].output == "Your order 7 was cancelled."
    assert mail.trigger.parent is not None
    assert mail.trigger.parent.run_id == run.run_id


async def test_a_message_that_does_not_fit_fails_its_delivery(project: FlowHarness) -> None:
    run = await project.emit("orders", "order.placed", {"id": "7"})
    assert run.outcome == "failed"
    assert run.error is not None
    assert run.error.code == "validation_failed"
    fork = await run.retry(data={"id": "7", "total": "5"})
    await project.advance(minutes=1)
    assert fork.outcome == "completed"


async def test_the_real_handler_comes_back(project: FlowHarness) -> None:
    project.fake("charge_card", error=Terminal("closed"))
    run = await project.emit("orders", "order.placed", {"id": "7", "total": "5"})
    assert run.outcome == "failed"
    project.unfake("charge_card")
    fork = await run.fork()
    await project.advance(minutes=1)
    assert fork.outcome == "completed"


async def test_a_fake_emits_what_its_step_declares(project: FlowHarness) -> None:
    with pytest.raises(AssertionError, match=r"did you mean `payment\.taken`"):
        project.fake("charge_card", emits=[("payment.take", {})])
    project.fake("charge_card", handler=lambda order, ctx: ctx.emit("nonsense", {}))
    with pytest.raises(AssertionError, match="does not declare the topic `nonsense`"):
        await project.emit("orders", "order.placed", {"id": "7", "total": "5"})


def test_a_project_that_does_not_compile_is_named(tmp_path: Path) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "broken.step.py").write_text("config = nonsense\n")
    with (
        pytest.raises(SetupError, match=r"broken\.step\.py.*nonsense"),
        flow_harness(tmp_path),
    ):
        pass
