"""Tokens of the links of tasks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from wistro_codec import CodecError, KeyRing, Master, TaskToken, mint_task_token, verify_task_token
from wistro_codec.signed import TokenForm

KEYS = KeyRing([Master("m1", datetime(2030, 1, 1, tzinfo=UTC), b"1" * 32)], "m1")
SAID: dict[str, Any] = {
    "id": "l1",
    "flow": "orders",
    "run_id": "r1",
    "delivery_id": "d1",
    "to": "anna@shop.example",
}


def test_says_what_it_was_minted_with() -> None:
    token = mint_task_token(KEYS, **SAID, expires_at=99.5)
    assert token.startswith("wt1.")
    assert verify_task_token(KEYS, token, now=99.9) == TaskToken(
        **SAID, vouched=False, expires_at=100
    )


def test_ends() -> None:
    token = mint_task_token(KEYS, **SAID, expires_at=100)
    with pytest.raises(CodecError) as refused:
        verify_task_token(KEYS, token, now=100)
    assert refused.value.code == "token_expired"


def test_is_bounded() -> None:
    said: dict[str, Any] = {**SAID, "to": "a" * 5000}
    with pytest.raises(CodecError) as refused:
        mint_task_token(KEYS, **said, expires_at=100)
    assert refused.value.code == "token_too_large"


def forged(flow: str = "orders", **changed: object) -> str:
    """A token that a holder of the key of `flow` signed with other claims."""
    key = KEYS.active(flow)
    claims = {
        "exp": 100,
        "key": str(key.id),
        "id": "l1",
        "flow": "orders",
        "run": "r1",
        "delivery": "d1",
        "to": "anna",
        "vouched": False,
        **changed,
    }
    form = TokenForm(
        name="", prefix="wt1", purpose="wistro/task-token/v1", max_length=4096, whence=""
    )
    return form.sign(key, claims)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (forged(vouched=1), "token_malformed"),
        (forged(more=True), "token_malformed"),
        (forged(flow="refunds"), "token_malformed"),
        (forged()[:-1], "token_invalid"),
        ("wt1.e30.x", "token_malformed"),
        ("wr1.e30.x", "token_malformed"),
    ],
)
def test_refuses_others(token: str, code: str) -> None:
    with pytest.raises(CodecError) as refused:
        verify_task_token(KEYS, token, now=1)
    assert refused.value.code == code


def test_knows_its_own() -> None:
    assert verify_task_token(KEYS, forged(), now=1).to == "anna"
