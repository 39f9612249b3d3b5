"""`wistro dev` keeps what the processes of all languages trace, each run in one trace."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.command import post, running
from tests.cli.languages import write_shop
from wistro.temporal.host.serverbinary import ServerBinary

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(300)]

THANK = """
from opentelemetry import trace
from wistro import Context, EventStep

config = EventStep(name="Thank", flows=["orders"], subscribes=["order.shipped"])

async def handler(message, ctx: Context) -> None:
    with trace.get_tracer("shop").start_as_current_span("write the letter") as span:
        span.set_attribute("letter.pages", 2)
"""


def spans_of(url: str, run_id: str, headers: dict[str, str], wanted: set[str]) -> dict[str, Any]:
    """The one trace of a run, once these spans are in it."""
    deadline = time.monotonic() + 20
    names: set[str] = set()
    while time.monotonic() < deadline:
        found = httpx.get(f"{url}/_wistro/api/runs/orders/{run_id}/spans", headers=headers).json()
        names = {span["name"] for trace in found["traces"] for span in trace["spans"]}
        if wanted <= names:
            assert found["tracing"] == {"goes": "here", "endpoint": None}
            (trace,) = found["traces"]
            return trace
        time.sleep(0.2)
    raise AssertionError(f"expected {wanted}, found {names}")


def test_a_run_through_three_languages_is_one_trace(
    temporal_binary: ServerBinary, tmp_path: Path
) -> None:
    root = write_shop(tmp_path / "shop")
    (root / "steps/thank.step.py").write_text(THANK)
    with running("dev", "--json", "--port", "0", "--drain", "1", cwd=root) as command:
        url = command.wait_for("dev.running", timeout=200)["api"]
        run_id = post(f"{url}/orders", {"id": "7"}).json()["run"]
        command.wait_for("run.completed", run_id=run_id)
        headers = {"authorization": f"Bearer {(root / '.wistro/token').read_text().strip()}"}
        steps = {"place": "python", "charge": "nodejs", "ship": "go", "thank": "python"}
        trace = spans_of(url, run_id, headers, {*steps, "run orders", "write the letter"})
        spans = {span["name"]: span for span in trace["spans"]}
        run = spans["run orders"]
        for step, language in steps.items():
            span = spans[step]
            assert span["parent_id"] == run["span_id"]
            assert (span["flow"], span["run_id"], span["step"]) == ("orders", run_id, step)
            assert (len(span["delivery_id"]), span["attempt"]) == (16, 1)
            assert trace["sources"][span["source"]]["service"]["language"] == language
        letter = spans["write the letter"]
        assert letter["parent_id"] == spans["thank"]["span_id"]
        assert letter["attributes"] == {"letter.pages": 2}
        whole = httpx.get(f"{url}/_wistro/api/traces/{trace['trace_id']}", headers=headers).json()
        request = next(span for span in whole["spans"] if span["name"] == "POST /orders")
        assert run["parent_id"] == request["span_id"]
        began = time.monotonic()
        assert command.stop() == 130
        assert time.monotonic() - began < 20
        assert not [line for line in command.documents() if line["kind"] == "dev.output"]
