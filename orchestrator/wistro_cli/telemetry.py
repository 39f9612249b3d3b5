"""Traces and metrics of a process, as the usual `OTEL_*` settings ask for them."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wistro_cli.parts import Parts

if TYPE_CHECKING:
    from wistro.temporal.host.runtime import Runtime

_EXPORTERS = ("opentelemetry.exporter", "opentelemetry.sdk")
_SAY_AGAIN = 60.0
"""Seconds in which an exporter complains once: each batch that cannot be sent is several lines of it."""
_LAST_FLUSH = 3.0
"""Seconds that the last spans get to leave."""


def start_tracing(runtime: Runtime, parts: Parts, *, api: str, keep: bool) -> None:
    """Export spans over OTLP from now on, when an endpoint is set, or the project keeps its traces.

    The SDK reads endpoint, headers, sampler, service name and resource attributes from the
    environment: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
    Workers that this process starts find the same there.

    Args:
        runtime: The project.
        parts: What of it runs in this process, which is named after them.
        api: Where the triggers are.
        keep: Whether traces are kept with the project, unless they go elsewhere.
    """
    from wistro.temporal.host.tracing import export_to_receiver, traces_endpoint

    if keep:
        flows = sorted(runtime.lock.flows)
        os.environ.update(export_to_receiver(api, runtime.keys, flows, os.environ))
    if traces_endpoint(os.environ) is None:
        return
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from wistro_worker.span_ids import GivenIds

    named = {} if _is_named() else {"service.name": service_name(runtime.lock.project, parts)}
    provider = TracerProvider(resource=Resource.create(named), id_generator=GivenIds())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    quiet = _Quiet()
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(_EXPORTERS):
            logging.getLogger(name).addFilter(quiet)
    trace.set_tracer_provider(provider)


@contextmanager
def flushing_traces() -> Generator[None]:
    """Export what waits in the end, if there is somebody to take it."""
    try:
        yield
    finally:
        _shut_down()


def service_name(project: str, parts: Parts) -> str:
    """What a process is called in traces: the project, and what of it runs there."""
    if not parts.triggers:
        return f"{project}.worker"
    return project if parts.runs or parts.steps else f"{project}.triggers"


def _shut_down() -> None:
    from opentelemetry import trace

    provider = trace.get_tracer_provider()
    shutdown = getattr(provider, "shutdown", None)
    if shutdown is None:
        return
    # The exporter tries for ten seconds and more when its collector is away; nobody waits for that.
    flushing = threading.Thread(target=shutdown, name="wistro-last-spans", daemon=True)
    flushing.start()
    flushing.join(_LAST_FLUSH)


def _is_named() -> bool:
    given = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return bool(os.environ.get("OTEL_SERVICE_NAME")) or "service.name=" in given


class _Quiet(logging.Filter):
    """Lets one record pass every now and then."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """See `logging.Filter.filter`."""
        _ = record
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + _SAY_AGAIN
        return True


def serve_metrics(port: int) -> None:
    """Answer Prometheus at `port`, for a process that has no HTTP side of its own.

    Raises:
        SetupError: the port is in use.
    """
    from prometheus_client import start_http_server

    from wistro.errors import SetupError

    try:
        start_http_server(port)
    except OSError as error:
        raise SetupError(
            f"the port `{port}` cannot be listened on for metrics: {error.strerror}",
            code="port_in_use",
            hint="choose another one with `--metrics-port`",
        ) from error
