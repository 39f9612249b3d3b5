"""Task tokens: what a link shows by which somebody without an account answers a task.

```
wt1.<base64url of {"exp", "key", "id", "flow", "run", "delivery", "to", "vouched"}>.<base64url of HMAC-SHA256>
```

Nothing is stored. Whoever has the link is taken for the person that it was made for, so it answers once:
the run that has the task notes the link with the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from wistro_codec.errors import CodecError
from wistro_codec.keys import DEFAULT_TENANT, Keys
from wistro_codec.signed import TokenForm

TASK_TOKEN = "wt1"  # noqa: S105 - what they begin with
"""How every task token begins."""

_FORM = TokenForm(
    name="task link",
    prefix=TASK_TOKEN,
    purpose="wistro/task-token/v1",
    max_length=4096,
    whence="open the whole link, as it was sent",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskToken:
    """What a genuine token says."""

    id: str
    """That of the link."""
    flow: str
    run_id: str
    delivery_id: str
    to: str
    """Who answers by it."""
    vouched: bool
    """Whether an operator made it for them by hand: it counts, whoever the task is assigned to."""
    expires_at: int
    """Seconds since the epoch; from this second on the token is refused."""


def mint_task_token(
    keys: Keys,
    *,
    id: str,
    flow: str,
    run_id: str,
    delivery_id: str,
    to: str,
    vouched: bool = False,
    expires_at: float,
) -> str:
    """Make the token of a link.

    Args:
        keys: Must hold the active key of the flow.
        id: That of the link: the run takes one answer with it.
        flow: The flow of the run.
        run_id: The run that has the task.
        delivery_id: The delivery that is the task.
        to: The person that it is made for.
        vouched: Whether it counts even if the task is not assigned to them.
        expires_at: Seconds since the epoch; rounded up to a whole second.

    Raises:
        CodecError: `key_unknown`, `key_id_invalid`, or `token_too_large`.
    """
    key = keys.active(flow, DEFAULT_TENANT)
    claims = {
        "exp": -int(-expires_at // 1),
        "key": str(key.id),
        "id": id,
        "flow": flow,
        "run": run_id,
        "delivery": delivery_id,
        "to": to,
        "vouched": vouched,
    }
    token = _FORM.sign(key, claims)
    if len(token) > _FORM.max_length:
        raise CodecError(
            f"A task link has at most {_FORM.max_length:,} characters; found {len(token):,}.",
            code="token_too_large",
            hint="name the person by something shorter",
        )
    return token


def verify_task_token(keys: Keys, token: str, *, now: float) -> TaskToken:
    """Read a token and prove that a holder of the flow's key minted it.

    Raises:
        CodecError: `token_malformed`, `token_invalid` or `token_expired`.
    """
    claims = _FORM.claims(token)
    match claims:
        case {
            "exp": int(expires_at),
            "key": str(key_id),
            "id": str(id),
            "flow": str(flow),
            "run": str(run_id),
            "delivery": str(delivery_id),
            "to": str(to),
            "vouched": bool(vouched),
        } if len(claims) == 8:
            pass
        case _:
            raise _FORM.malformed()
    key = _FORM.prove(keys, key_id, token)
    if key.id.flow != flow:  # who holds the keys of one flow answers no tasks of another
        raise _FORM.malformed()
    if now >= expires_at:
        raise CodecError(
            f"The task link expired {now - expires_at:.0f} seconds ago.",
            code="token_expired",
            hint="ask whoever sent it for another one",
        )
    return TaskToken(
        id=id,
        flow=flow,
        run_id=run_id,
        delivery_id=delivery_id,
        to=to,
        vouched=vouched,
        expires_at=expires_at,
    )
