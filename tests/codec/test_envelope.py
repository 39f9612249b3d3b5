"""Envelopes open to what was sealed, and to nothing else."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wistro_codec import CodecError, KeyRing, seal, unseal
from wistro_codec.envelope import FLAG_DEFLATE, MAX_PLAINTEXT

KEY = KeyRing.generate(datetime(2025, 6, 1, tzinfo=UTC)).active("orders")

plaintexts = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda piece, times: piece * times, st.binary(max_size=30), st.integers(0, 2000)),
)


@given(plaintexts, st.sampled_from([None, 0, 100, 4096]))
def test_round_trip(plaintext: bytes, compress_from: int | None) -> None:
    envelope = seal(KEY, plaintext, compress_from=compress_from)
    assert unseal(KEY, envelope) == plaintext
    assert len(envelope) <= len(plaintext) + 30


@given(plaintext=st.binary(max_size=100), data=st.data())
def test_no_changed_bit_goes_unnoticed(plaintext: bytes, data: st.DataObject) -> None:
    envelope = bytearray(seal(KEY, plaintext))
    place = data.draw(st.integers(0, len(envelope) - 1))
    envelope[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CodecError):
        unseal(KEY, bytes(envelope))


@given(st.binary(max_size=300))
def test_no_garbage_opens(garbage: bytes) -> None:
    with pytest.raises(CodecError):
        unseal(KEY, garbage)


def test_the_same_bytes_never_look_the_same() -> None:
    assert len({seal(KEY, b"same") for _ in range(100)}) == 100


def test_only_what_shrinks_is_compressed() -> None:
    assert seal(KEY, b"a" * 4096)[1] == FLAG_DEFLATE
    assert seal(KEY, b"a" * 4095)[1] == 0
    assert seal(KEY, os.urandom(8192))[1] == 0
    assert seal(KEY, b"a" * 8192, compress_from=None)[1] == 0


def test_what_is_too_large_to_open_is_not_sealed() -> None:
    with pytest.raises(CodecError) as refused:
        seal(KEY, bytes(MAX_PLAINTEXT + 1))
    assert refused.value.code == "payload_too_large"
    assert str(MAX_PLAINTEXT) in refused.value.message
