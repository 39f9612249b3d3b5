"""Run tokens: what a step shows the worker API to prove which run it belongs to.

```
wr1.<base64url of {"exp", "key", "run"}>.<base64url of HMAC-SHA256>
```

Nothing is stored: any process with the flow's key can mint and verify. `SPEC.md` section 6.
"""

from __future__ import annotations

from dataclasses import dataclass

from wistro_codec.errors import CodecError
from wistro_codec.keys import DEFAULT_TENANT, Keys
from wistro_codec.signed import TokenForm

_FORM = TokenForm(
    name="run token",
    prefix="wr1",
    purpose="wistro/run-token/v1",
    max_length=2048,
    whence="pass on the token of the invocation unchanged",
)


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
    return _FORM.sign(key, claims)


def verify_run_token(keys: Keys, token: str, *, now: float) -> RunToken:
    """Read a token and prove that a holder of the flow's key minted it.

    Args:
        keys: Must hold the key that the token names.
        token: The token.
        now: Seconds since the epoch.

    Raises:
        CodecError: `token_malformed`, `token_invalid` or `token_expired`.
    """
    claims = _FORM.claims(token)
    match claims:
        case {"exp": int(expires_at), "key": str(key_id), "run": str(run_id)} if len(claims) == 3:
            pass
        case _:
            raise _FORM.malformed()
    key = _FORM.prove(keys, key_id, token)
    if now >= expires_at:
        raise CodecError(
            f"The run token expired {now - expires_at:.0f} seconds ago.",
            code="token_expired",
            hint="the step outlived its token, or the clocks of the hosts differ",
        )
    return RunToken(flow=key.id.flow, run_id=run_id, tenant=key.id.tenant, expires_at=expires_at)
