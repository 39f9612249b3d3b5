"""Webhook signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wistro_triggers.problems import Problem
from wistro_triggers.signatures import Algorithm, Encoding, Hmac, github

SECRET = b"It's a Secret to Everybody"


def test_githubs_own_example() -> None:
    """The test values that GitHub publishes for implementers."""
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    github(SECRET).verify({"x-hub-signature-256": signature}, b"Hello, World!")


def test_a_changed_body_is_refused() -> None:
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    with pytest.raises(Problem, match="does not match") as refused:
        github(SECRET).verify({"x-hub-signature-256": signature}, b"Hello, World?")
    assert (refused.value.status_code, refused.value.code) == (401, "signature_wrong")


def test_a_missing_signature_is_refused() -> None:
    with pytest.raises(Problem, match="no `x-hub-signature-256` header") as refused:
        github(SECRET).verify({}, b"{}")
    assert (refused.value.status_code, refused.value.code) == (401, "signature_missing")


@pytest.mark.parametrize("given_", ["", "sha256=", "sha256=zz", "sha1=00", "00" * 32, "sha256=é"])
def test_a_malformed_signature_is_wrong(given_: str) -> None:
    with pytest.raises(Problem, match="does not match"):
        github(SECRET).verify({"x-hub-signature-256": given_}, b"{}")


@given(body=st.binary(), key=st.binary(min_size=1), other=st.binary())
def test_a_signature_is_good_for_its_own_body_only(body: bytes, key: bytes, other: bytes) -> None:
    scheme = Hmac(secret=key, header="x-signature", algorithm="sha512", encoding="base64")
    headers = {"x-signature": base64.b64encode(hmac.digest(key, body, hashlib.sha512)).decode()}
    scheme.verify(headers, body)
    if other != body:
        with pytest.raises(Problem):
            scheme.verify(headers, other)


def test_a_timestamp_bounds_the_time_of_a_replay() -> None:
    scheme = Hmac(
        secret=SECRET,
        header="x-signature",
        timestamp_header="x-timestamp",
        tolerance=timedelta(minutes=5),
        clock=lambda: 1_000_300.0,
    )
    signature = hmac.digest(SECRET, b"1000000.{}", hashlib.sha256).hex()
    headers = {"x-signature": signature, "x-timestamp": "1000000"}
    scheme.verify(headers, b"{}")

    late = Hmac(
        secret=SECRET,
        header="x-signature",
        timestamp_header="x-timestamp",
        clock=lambda: 1_000_301.0,
    )
    with pytest.raises(Problem, match="more than 300 seconds") as refused:
        late.verify(headers, b"{}")
    assert refused.value.code == "signature_expired"
    with pytest.raises(Problem, match="does not match"):
        scheme.verify({**headers, "x-timestamp": "1000001"}, b"{}")
    with pytest.raises(Problem, match="seconds since the epoch"):
        scheme.verify({"x-signature": signature, "x-timestamp": "now"}, b"{}")


def test_the_delivery_is_named_by_the_sender() -> None:
    assert github(SECRET).delivery_key({"x-github-delivery": "72d3162e"}) == "72d3162e"
    assert Hmac(secret=SECRET, header="x").delivery_key({}) is None


@given(body=st.binary(), key=st.binary(min_size=1))
@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("timestamp", [None, "x-timestamp"])
def test_what_is_signed_is_accepted(
    algorithm: Algorithm, encoding: Encoding, timestamp: str | None, body: bytes, key: bytes
) -> None:
    scheme = Hmac(
        secret=key,
        header="x-signature",
        algorithm=algorithm,
        encoding=encoding,
        prefix="v1=",
        timestamp_header=timestamp,
        delivery_header="x-id",
    )
    added = scheme.sign({"x-id": "mine"}, body)
    scheme.verify(added, body)
    assert "x-id" not in added  # it had one
    assert scheme.sign({}, body)["x-id"] != scheme.sign({}, body)["x-id"]
    with pytest.raises(Problem):
        replace(scheme, secret=key + b"!").verify(added, body)


def test_a_secret_is_not_shown() -> None:
    assert "Secret" not in repr(github(SECRET))
