"""Ids of spans. Apart from `tracing`, because it loads OpenTelemetry's SDK, which few processes need."""

from __future__ import annotations

from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from wistro_worker.tracing import ids_given


class GivenIds(RandomIdGenerator):
    """Ids that `given_ids` gives, else random ones."""

    def generate_span_id(self) -> int:
        """See `IdGenerator.generate_span_id`."""
        given = ids_given()
        return super().generate_span_id() if given is None else given.span_id

    def generate_trace_id(self) -> int:
        """See `IdGenerator.generate_trace_id`."""
        given = ids_given()
        return super().generate_trace_id() if given is None else given.trace_id
