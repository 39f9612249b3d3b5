"""Run tokens: what a step shows the worker API to prove which run it belongs to.

```
wr1.<base64url of {"exp", "key", "run"}>.<base64url of HMAC-SHA256>
```

Nothing is stored: any process with the flow's key can mint and verify. `SPEC.md` section 6.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import cast

from wistro_codec.errors import CodecError
from wistro_codec.keys import DEFAULT_TENANT, FlowKey, KeyId, Keys

_PREFIX = "wr1"
_PURPOSE = "wistro/run-token/v1"
_MAX_LENGTH = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class RunToken:
    """What a genuine token says."""

    flow: str
    run_id: str
    tenant: str
    expires_at: int
    """Seconds since the epoch; from this second on the token is refused."""


def mint_run_token(
    keys: Keys, *, flow: str, run_id: str, expires_at: float, tenant: str = DEFAULT_TENANT
) -> str:
    """Make the token of a run.

    Args:
        keys: Must hold the active key of the flow.
        flow: The flow of the run.
        run_id: The run.
        expires_at: Seconds since the epoch; rounded up to a whole second.
        tenant: Whose run it is.

    Raises:
        CodecError: `key_unknown` or `key_id_invalid`.
    """
    key = keys.active(flow, tenant)
    claims = {"exp": -int(-expires_at // 1), "key": str(key.id), "run": run_id}
    body = _encode(json.dumps(claims, separators=(",", ":")).encode())
    signed = f"{_PREFIX}.{body}"
    return f"{signed}.{_sign(key, signed)}"


def verify_run_token(keys: Keys, token: str, *, now: float) -> RunToken:
    """Read a token and prove that a holder of the flow's key minted it.

    Args:
        keys: Must hold the key that the token names.
        token: The token.
        now: Seconds since the epoch.

    Raises:
        CodecError: `token_malformed`, `token_invalid` or `token_expired`.
    """
    claims, signed, signature = _split(token)
    match claims:
        case {"exp": int(expires_at), "key": str(key_id), "run": str(run_id)} if len(claims) == 3:
            pass
        case _:
            raise _malformed()
    try:
        KeyId.parse(key_id)
        key = keys.get(key_id)
    except CodecError as error:
        raise _invalid() from error
    if not hmac.compare_digest(_sign(key, signed), signature):
        raise _invalid()
    if now >= expires_at:
        raise CodecError(
            f"The run token expired {now - expires_at:.0f} seconds ago.",
            code="token_expired",
            hint="the step outlived its token, or the clocks of the hosts differ",
        )
    return RunToken(flow=key.id.flow, run_id=run_id, tenant=key.id.tenant, expires_at=expires_at)


def _split(token: str) -> tuple[dict[str, object], str, str]:
    if len(token) > _MAX_LENGTH or not token.isascii():
        raise _malformed()
    signed, _, signature = token.rpartition(".")
    prefix, _, body = signed.partition(".")
    if prefix != _PREFIX:
        raise _malformed()
    try:
        claims: object = json.loads(_decode(body))
    except (binascii.Error, ValueError, RecursionError):
        raise _malformed() from None
    if not isinstance(claims, dict):
        raise _malformed()
    return cast("dict[str, object]", claims), signed, signature


def _sign(key: FlowKey, signed: str) -> str:
    return _encode(hmac.digest(key.subkey(_PURPOSE), signed.encode(), hashlib.sha256))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _malformed() -> CodecError:
    return CodecError(
        f"A run token (`{_PREFIX}.<claims>.<signature>`) was expected; this text is none.",
        code="token_malformed",
        hint="pass on the token of the invocation unchanged",
    )


def _invalid() -> CodecError:
    return CodecError(
        "The run token is not genuine under any key of this process.",
        code="token_invalid",
        hint="worker and engine must use the same key file, or an export of it",
    )
