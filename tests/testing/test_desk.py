"""A real project whose steps wait for people and call flows, in memory."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from wistro.errors import InvalidMessage
from wistro.testing import FlowHarness
from wistro_worker.testing import project

__all__ = ["project"]


@pytest.fixture
def project_root() -> Path:
    return Path(__file__).parent / "desk"


async def test_an_answer_fits_the_form(project: FlowHarness) -> None:
    run = await project.trigger("ask", {"order": "7"})
    with pytest.raises(InvalidMessage) as refused:
        await run.answer_task("approve", {"approved": "maybe"})
    assert [issue.field for issue in refused.value.issues] == ["data.approved"]
    await run.answer_task("approve", {"approved": True}, by="anna")
    assert run.response == "anna said yes"


async def test_handlers_await_the_flows_that_they_call(project: FlowHarness) -> None:
    fake = project.fake_call("score", {"score": 5}, takes=timedelta(seconds=1))
    run = await project.trigger("rate", {"order": "7"})
    assert run.deliveries()[0].status == "running"
    other = await project.trigger("rate_at_once", {"order": "8"})
    await project.advance(seconds=1)
    assert (run.response, other.response) == ({"score": 5}, {"score": 5})
    assert fake.calls == [{"order": "7"}, {"order": "8"}]


async def test_a_called_flow_of_the_project(project: FlowHarness) -> None:
    run = await project.trigger("delegate", {"order": "7"})
    (asked,) = project.runs("refunds")
    await asked.answer_task(data={"approved": False}, by="bob")
    assert run.response == {"said": "bob said no"}
