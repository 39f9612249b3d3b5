"""Stream tokens: what a client shows to follow a stream, a group of it, or an item.

```
ws1.<base64url of {"exp", "key", "stream", "group", "id", "context"}>.<base64url of HMAC-SHA256>
```

As with run tokens nothing is stored: a step mints one with the key of its flow, and whoever serves
streams verifies it. The claims are readable to the client.
"""

from __future__ import annotations

from dataclasses import dataclass

from wistro_codec.errors import CodecError
from wistro_codec.keys import DEFAULT_TENANT, PROJECT_FLOW, Keys
from wistro_codec.signed import TokenForm

_FORM = TokenForm(
    name="stream token",
    prefix="ws1",
    purpose="wistro/stream-token/v1",
    max_length=8192,
    whence="show what `ctx.streams.<name>.token(…)` returned, unchanged",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamToken:
    """What a genuine token says."""

    stream: str
    group: str | None
    """The only group it is good for; `None`: all groups."""
    id: str | None
    """The only item it is good for; `None`: the group and all of its items."""
    context: object
    """What whoever minted it says about its holder; JSON."""
    expires_at: int
    """Seconds since the epoch; from this second on the token is refused."""

    def covers(self, stream: str, group: str, id: str | None) -> bool:
        """Whether its holder may follow the item, or the group when `id` is `None`."""
        return self.stream == stream and self.group in (None, group) and self.id in (None, id)


def mint_stream_token(
    keys: Keys,
    *,
    stream: str,
    group: str | None = None,
    id: str | None = None,
    context: object = None,
    expires_at: float,
    flow: str = PROJECT_FLOW,
) -> str:
    """Make the token of a client.

    Args:
        keys: Must hold the active key of the flow.
        stream: The stream to follow.
        group: The only group.
        id: The only item, of that group.
        context: JSON about the client; it is signed, not hidden.
        expires_at: Seconds since the epoch; rounded up to a whole second.
        flow: Whose key signs it: the flow that mints, or the project.

    Raises:
        CodecError: `key_unknown`, `key_id_invalid`, or `token_too_large`.
    """
    key = keys.active(flow, DEFAULT_TENANT)
    claims = {
        "exp": -int(-expires_at // 1),
        "key": str(key.id),
        "stream": stream,
        "group": group,
        "id": id,
        "context": context,
    }
    token = _FORM.sign(key, claims)
    if len(token) > _FORM.max_length:
        raise CodecError(
            f"A stream token has at most {_FORM.max_length:,} characters; found {len(token):,}.",
            code="token_too_large",
            hint="give it a smaller `context`, such as an id",
        )
    return token


def verify_stream_token(keys: Keys, token: str, *, now: float) -> StreamToken:
    """Read a token and prove that a holder of a key of the project minted it.

    Raises:
        CodecError: `token_malformed`, `token_invalid` or `token_expired`.
    """
    claims = _FORM.claims(token)
    match claims:
        case {
            "exp": int(expires_at),
            "key": str(key_id),
            "stream": str(stream),
            "group": (str() | None) as group,
            "id": (str() | None) as id,
            "context": context,
        } if len(claims) == 6:
            pass
        case _:
            raise _FORM.malformed()
    _FORM.prove(keys, key_id, token)
    if now >= expires_at:
        raise CodecError(
            f"The stream token expired {now - expires_at:.0f} seconds ago.",
            code="token_expired",
            hint="ask for another one where this one came from",
        )
    return StreamToken(stream=stream, group=group, id=id, context=context, expires_at=expires_at)
