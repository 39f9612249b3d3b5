"""Trace tokens: what a process of the project shows to hand in its spans.

```
wo1.<base64url of {"key"}>.<base64url of HMAC-SHA256>
```

Nothing is stored. Exporters read it from their environment, where what handlers start can read it too;
so it opens nothing else than the receiver of spans. It does not expire: a worker that runs for months
has no way to get another one.
"""

from __future__ import annotations

from wistro_codec.keys import DEFAULT_TENANT, Keys
from wistro_codec.signed import TokenForm

_FORM = TokenForm(
    name="trace token",
    prefix="wo1",
    purpose="wistro/trace-token/v1",
    max_length=1024,
    whence="processes of the project have it in `OTEL_EXPORTER_OTLP_TRACES_HEADERS`",
)


def mint_trace_token(keys: Keys, flow: str) -> str:
    """Make a token.

    Args:
        keys: Must hold the active key of the flow.
        flow: Any flow of the project.

    Raises:
        CodecError: `key_unknown` or `key_id_invalid`.
    """
    key = keys.active(flow, DEFAULT_TENANT)
    return _FORM.sign(key, {"key": str(key.id)})


def verify_trace_token(keys: Keys, token: str) -> None:
    """Prove that a holder of one of the project's keys minted a token.

    Raises:
        CodecError: `token_malformed` or `token_invalid`.
    """
    match _FORM.claims(token):
        case {"key": str(key_id)}:
            _FORM.prove(keys, key_id, token)
        case _:
            raise _FORM.malformed()
