"""A run token is good for one run of one flow, for a while."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wistro_codec import CodecError, KeyRing, mint_run_token, verify_run_token

RING = KeyRing.generate(datetime(2025, 6, 1, tzinfo=UTC))
TOKEN = mint_run_token(RING, flow="orders", run_id="0af7", expires_at=100.5)


def test_says_which_run_and_until_when() -> None:
    says = verify_run_token(RING, TOKEN, now=100.9)
    assert (says.flow, says.run_id, says.tenant, says.expires_at) == (
        "orders",
        "0af7",
        "default",
        101,
    )
    with pytest.raises(CodecError) as refused:
        verify_run_token(RING, TOKEN, now=101)
    assert refused.value.code == "token_expired"


def test_survives_rotation_and_works_with_exported_keys() -> None:
    assert verify_run_token(RING.rotate(datetime.now(UTC)), TOKEN, now=0).run_id == "0af7"
    export = RING.export(["orders"])
    minted = mint_run_token(export, flow="orders", run_id="1", expires_at=9)
    assert verify_run_token(RING, minted, now=0).run_id == "1"
    with pytest.raises(CodecError) as refused:
        mint_run_token(export, flow="billing", run_id="1", expires_at=9)
    assert refused.value.code == "key_unknown"


def test_another_project_s_token_is_refused() -> None:
    with pytest.raises(CodecError) as refused:
        verify_run_token(KeyRing.generate(datetime.now(UTC)), TOKEN, now=0)
    assert refused.value.code == "token_invalid"


@given(place=st.integers(0, len(TOKEN) - 1), char=st.characters(max_codepoint=255))
def test_no_changed_character_goes_unnoticed(place: int, char: str) -> None:
    changed = TOKEN[:place] + char + TOKEN[place + 1 :]
    if changed == TOKEN:
        return
    with pytest.raises(CodecError) as refused:
        verify_run_token(RING, changed, now=0)
    assert refused.value.code in {"token_invalid", "token_malformed"}


@given(st.text())
def test_any_text_is_refused_politely(text: str) -> None:
    with pytest.raises(CodecError):
        verify_run_token(RING, text, now=0)
