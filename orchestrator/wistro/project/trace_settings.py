"""`traces` in `wistro.yml`: what the project's processes trace, kept here."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from wistro.options import Duration, Options

KEEP_TRACES = timedelta(days=3)


class TraceSettings(Options):
    """What the project's processes trace, kept here.

    `wistro start` keeps traces where this is said, `wistro dev` always does; neither does when
    `OTEL_EXPORTER_OTLP_ENDPOINT` names another place.
    """

    keep: Duration = KEEP_TRACES
    """How long a trace is kept after its last span came."""
    max_spans: int = Field(default=100_000, ge=1_000, le=10_000_000)
    """How many spans are kept; the oldest traces go first. 100,000 take about 100 MB of disk."""
