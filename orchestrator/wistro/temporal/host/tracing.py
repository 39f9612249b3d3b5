"""Where the spans of a process go, as the usual `OTEL_*` settings say; and how they come to us.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from wistro_codec import PROJECT_FLOW, CodecError, Keys, mint_trace_token

RECEIVER = "/_wistro/otlp/v1/traces"
"""Where the triggers receive spans."""
_TRACES, _ALL = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"


def traces_off(environment: Mapping[str, str]) -> bool:
    """Whether somebody said that there are to be no traces."""
    disabled = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return disabled or environment.get("OTEL_TRACES_EXPORTER") == "none"


def traces_endpoint(environment: Mapping[str, str]) -> str | None:
    """Where spans are exported to; nothing when they are not."""
    if traces_off(environment):
        return None
    return environment.get(_TRACES) or environment.get(_ALL) or None


def is_receiver(endpoint: str) -> bool:
    """Whether an endpoint is that of a project."""
    return urlsplit(endpoint).path == RECEIVER


def export_to_receiver(
    api: str, keys: Keys, flows: list[str], environment: Mapping[str, str]
) -> dict[str, str]:
    """What makes the SDKs of all languages send their spans to the triggers at `api`.

    Args:
        api: Where the triggers are.
        keys: Those of this process.
        flows: The project's flows; a key of any of them will do.
        environment: What is set already, and wins.

    Returns:
        Variables to set; none when traces go elsewhere, or are not wanted.
    """
    if traces_off(environment) or traces_endpoint(environment):
        return {}
    token = _token(keys, flows)
    if token is None:
        return {}
    usual = {
        # People watch: a few batches more are worth it. The SDKs' own default is five seconds.
        "OTEL_BSP_SCHEDULE_DELAY": "1000",
    }
    return {
        **{name: value for name, value in usual.items() if name not in environment},
        _TRACES: f"{api.rstrip('/')}{RECEIVER}",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": f"authorization={quote(f'Bearer {token}')}",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
    }


def _token(keys: Keys, flows: list[str]) -> str | None:
    for flow in (PROJECT_FLOW, *flows):
        try:
            return mint_trace_token(keys, flow)
        except CodecError:  # a process may hold the keys of some flows only
            continue
    return None
