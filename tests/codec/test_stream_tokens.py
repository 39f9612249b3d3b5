"""A stream token is good for a stream or a part of it, for a while."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wistro_codec import (
    CodecError,
    KeyRing,
    mint_run_token,
    mint_stream_token,
    verify_run_token,
    verify_stream_token,
)

RING = KeyRing.generate(datetime(2025, 6, 1, tzinfo=UTC))
TOKEN = mint_stream_token(
    RING, stream="chat", group="room", context={"user": "é"}, expires_at=100.5
)


def test_says_what_it_is_good_for() -> None:
    says = verify_stream_token(RING, TOKEN, now=100.9)
    assert (says.stream, says.group, says.id, says.expires_at) == ("chat", "room", None, 101)
    assert says.context == {"user": "é"}
    with pytest.raises(CodecError) as refused:
        verify_stream_token(RING, TOKEN, now=101)
    assert refused.value.code == "token_expired"


@pytest.mark.parametrize(
    ("group", "id", "places"),
    [
        (None, None, {("a", None), ("a", "1"), ("b", None), ("b", "1")}),
        ("a", None, {("a", None), ("a", "1")}),
        ("a", "1", {("a", "1")}),
    ],
)
def test_covers(group: str | None, id: str | None, places: set[tuple[str, str | None]]) -> None:
    token = mint_stream_token(RING, stream="chat", group=group, id=id, expires_at=9)
    says = verify_stream_token(RING, token, now=0)
    for place in [("a", None), ("a", "1"), ("b", None), ("b", "1")]:
        assert says.covers("chat", *place) == (place in places)
        assert not says.covers("board", *place)


def test_a_flow_mints_with_its_own_key() -> None:
    token = mint_stream_token(RING.export(["orders"]), stream="chat", expires_at=9, flow="orders")
    assert verify_stream_token(RING, token, now=0).stream == "chat"
    with pytest.raises(CodecError):
        mint_stream_token(RING.export(["orders"]), stream="chat", expires_at=9)


def test_one_kind_of_token_is_not_another() -> None:
    run = mint_run_token(RING, flow="orders", run_id="1", expires_at=9)
    for token in (run, run.replace("wr1", "ws1", 1)):
        with pytest.raises(CodecError):
            verify_stream_token(RING, token, now=0)
    for token in (TOKEN, TOKEN.replace("ws1", "wr1", 1)):
        with pytest.raises(CodecError):
            verify_run_token(RING, token, now=0)


def test_a_context_is_small() -> None:
    with pytest.raises(CodecError) as refused:
        mint_stream_token(RING, stream="chat", context="x" * 8192, expires_at=9)
    assert refused.value.code == "token_too_large"


@given(place=st.integers(0, len(TOKEN) - 1), char=st.characters(max_codepoint=255))
def test_no_changed_character_goes_unnoticed(place: int, char: str) -> None:
    changed = TOKEN[:place] + char + TOKEN[place + 1 :]
    if changed == TOKEN:
        return
    with pytest.raises(CodecError) as refused:
        verify_stream_token(RING, changed, now=0)
    assert refused.value.code in {"token_invalid", "token_malformed"}
