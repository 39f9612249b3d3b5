"""Tracing of a process whose collector is away, or that nobody asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wistro.project import Project
from wistro.temporal.host.devserver import free_port
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress
from wistro.temporal.host.tracing import export_to_receiver, traces_endpoint
from wistro_cli.parts import Parts
from wistro_cli.telemetry import service_name
from wistro_codec import CodecError, verify_trace_token

TRACED = """
import sys, time
from pathlib import Path
from opentelemetry import trace
from wistro.project import Project
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress
from wistro_cli.logs import configure_logs
from wistro_cli.parts import Parts
from wistro_cli.telemetry import flushing_traces, start_tracing

configure_logs(supervised=False)
project = Project.open(Path(sys.argv[1]))
server = ServerAddress(address="localhost:1", namespace="default")
runtime = Runtime.open(project, project.compile().lock, server)
with flushing_traces():
    start_tracing(runtime, Parts(), api=sys.argv[2], keep=True)
    tracer, worst = trace.get_tracer("test"), 0.0
    ends = time.monotonic() + 4
    while time.monotonic() < ends:
        began = time.thread_time()
        for _ in range(1000):
            tracer.start_span("work").end()
        worst = max(worst, time.thread_time() - began)
        time.sleep(0.2)
    print(worst)
    flushing = time.monotonic()
print(time.monotonic() - flushing)
import os
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    project = Project.open(tmp_path)
    server = ServerAddress(address="localhost:1", namespace="default")
    return Runtime.open(project, project.compile().lock, server)


@pytest.mark.slow
def test_a_collector_that_is_away_costs_little_and_is_told_of_once(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if "OTEL" not in name}
    done = subprocess.run(
        [sys.executable, "-c", TRACED, str(tmp_path), f"http://127.0.0.1:{free_port()}"],
        env={**environment, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    worst, flushed = map(float, done.stdout.split())
    assert worst < 3  # seconds for 1000 spans: nobody waits for the network
    assert flushed < 5
    told = [line for line in done.stderr.splitlines() if line.strip()]
    assert 1 <= len(told) <= 3, done.stderr


def test_traces_go_to_the_project_unless_somebody_says_otherwise(runtime: Runtime) -> None:
    def variables(**environment: str) -> dict[str, str]:
        return export_to_receiver("http://api/", runtime.keys, ["orders"], environment)

    ours = variables()
    assert traces_endpoint(ours) == "http://api/_wistro/otlp/v1/traces"
    token = ours["OTEL_EXPORTER_OTLP_TRACES_HEADERS"].removeprefix("authorization=Bearer%20")
    verify_trace_token(runtime.keys, token)
    with pytest.raises(CodecError, match="not genuine"):
        verify_trace_token(runtime.keys, token[:-4] + "AAAA")
    assert "OTEL_BSP_SCHEDULE_DELAY" not in variables(OTEL_BSP_SCHEDULE_DELAY="9")
    for said in (
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"},
        {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/x"},
        {"OTEL_SDK_DISABLED": "True"},
        {"OTEL_TRACES_EXPORTER": "none"},
    ):
        assert variables(**said) == {}


def test_processes_are_named_after_what_they_run() -> None:
    assert service_name("shop", Parts()) == "shop"
    assert service_name("shop", Parts.parse("triggers")) == "shop.triggers"
    assert service_name("shop", Parts.parse("runs,steps")) == "shop.worker"
