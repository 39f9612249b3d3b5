"""Traces and metrics of a process, as the usual `OTEL_*` settings ask for them."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


@contextmanager
def tracing() -> Generator[None]:
    """Export spans over OTLP while the context is open, when an endpoint is set; then flush.

    The SDK reads endpoint, headers, sampler, service name and resource attributes from the
    environment: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
    """
    if not _wanted():
        yield
        return
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    os.environ.setdefault("OTEL_SERVICE_NAME", "wistro")
    provider = TracerProvider(resource=Resource.create())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()


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


def _wanted() -> bool:
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp") == "none":
        return False
    return any(os.environ.get(name) for name in _ENDPOINTS)
