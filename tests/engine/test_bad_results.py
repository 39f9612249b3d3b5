"""A worker that answers nonsense fails the delivery, and says which field is wrong; no run hangs."""

from __future__ import annotations

from typing import cast

import pytest
from temporalio import activity
from temporalio.common import RawValue

from tests.engine.conftest import Host

pytestmark = pytest.mark.server

STEP = """
from wistro import EventStep
config = EventStep(name="It", flows=["f"], subscribes=["begin"], placement="{placement}")
async def handler(value): ...
"""


@pytest.mark.parametrize(
    ("placement", "answer", "of", "field"),
    [
        ("worker", {"emissions": [{"data": 1}]}, "StepResult", "emissions[0].topic"),
        ("worker", "done", "StepResult", ""),
        ("worker", None, "StepResult", ""),
        ("inline", {"reports": [{"step": "it"}]}, "SegmentResult", "reports[0].delivery_id"),
    ],
)
async def test_a_result_that_is_none_fails_the_delivery(
    host: Host,
    monkeypatch: pytest.MonkeyPatch,
    placement: str,
    answer: object,
    of: str,
    field: str,
) -> None:
    async def nonsense(*_: object) -> RawValue:
        return RawValue(activity.payload_converter().to_payload(answer))

    monkeypatch.setattr("wistro_worker.activities._packed", nonsense)
    files = {
        "it.step.py": STEP.format(placement=placement),
        "wistro.yml": "topics: { begin: { external: true } }\n",
    }
    async with host(files) as hosted:
        run = await hosted.ended(await hosted.emit("begin", {}))
    assert run.status == "failed"
    error = run.outcome_error
    assert error is not None
    assert (error.code, error.retryable) == ("bad_result", False)
    assert f"no `{of}`" in error.message
    details = cast("dict[str, list[dict[str, str]]]", error.details)
    assert field in [issue["field"] for issue in details["issues"]]
    (delivery,) = run.deliveries
    assert delivery.status == "failed"
