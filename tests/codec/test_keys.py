"""Keys are bound to their flow, rotate without losing anything, and are handed out sparingly."""

from __future__ import annotations

import contextlib
import secrets
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wistro_codec import (
    CodecError,
    FlowKey,
    FlowKeys,
    KeyId,
    KeyRing,
    Keys,
    dump_keys,
    keyed_digest,
    seal,
    unseal,
)

NOW = datetime(2025, 6, 1, tzinfo=UTC)

names = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/"),
    min_size=1,
    max_size=40,
)


def refusal(code: str) -> pytest.RaisesExc[CodecError]:
    return pytest.RaisesExc(CodecError, check=lambda error: error.code == code)


@given(tenant=names, flow=names)
def test_key_ids_round_trip(tenant: str, flow: str) -> None:
    key_id = KeyId("k1", tenant, flow)
    assert KeyId.parse(str(key_id)) == key_id


@given(st.text(max_size=60))
def test_no_text_parses_to_another_id(text: str) -> None:
    with contextlib.suppress(CodecError):
        assert str(KeyId.parse(text)) == text


@given(one=st.tuples(names, names), other=st.tuples(names, names))
def test_every_tenant_and_flow_has_its_own_key(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    ring = KeyRing.generate(NOW)
    same = ring.active(one[1], one[0]).secret == ring.active(other[1], other[0]).secret
    assert same == (one == other)


def test_a_key_is_derived_once() -> None:
    ring = KeyRing.generate(NOW)
    key = ring.active("orders")
    assert ring.active("orders") is key
    assert ring.get(str(key.id)) is key
    assert ring.history("orders") == [key]


def test_strangers_cannot_fill_the_memory() -> None:
    ring = KeyRing.generate(NOW)
    master = ring.active_master.id
    for number in range(5000):
        ring.get(f"{master}/default/flow-{number}")
    assert len(ring._by_id) <= 4096  # pyright: ignore[reportPrivateUsage]


def test_rotation_keeps_old_envelopes_readable() -> None:
    ring = KeyRing.generate(NOW)
    old = ring.active("orders")
    envelope = seal(old, b"before")
    rotated = ring.rotate(NOW)
    new = rotated.active("orders")
    assert new.id != old.id
    assert new.secret != old.secret
    assert unseal(rotated.get(str(old.id)), envelope) == b"before"
    assert [key.id for key in rotated.history("orders")] == [old.id, new.id]
    with refusal("key_unknown"):
        ring.get(str(new.id))


def test_no_master_takes_the_id_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = iter(["aaaaaaaa", "aaaaaaaa", "bbbbbbbb"])
    monkeypatch.setattr(secrets, "token_hex", lambda size: next(ids))
    ring = KeyRing.generate(NOW).rotate(NOW)
    assert [master.id for master in ring.masters] == ["aaaaaaaa", "bbbbbbbb"]


def test_a_master_can_be_distributed_before_it_is_used() -> None:
    ring = KeyRing.generate(NOW)
    prepared = ring.rotate(NOW, activate=False)
    assert prepared.active_master == ring.active_master
    activated = prepared.activate(prepared.masters[-1].id)
    # A host that was given `prepared` reads what one with `activated` writes.
    assert prepared.get(str(activated.active("orders").id)).secret
    with refusal("key_unknown"):
        ring.activate("k9")


def test_the_exported_keys_of_one_flow_do_not_open_another() -> None:
    ring = KeyRing.generate(NOW).rotate(NOW)
    export = ring.export(["orders"])
    assert export.active("orders").secret == ring.active("orders").secret
    assert len(export.history("orders")) == 2
    billing = ring.active("billing")
    with refusal("key_unknown"):
        export.active("billing")
    with refusal("key_unknown"):
        export.get(str(billing.id))
    with refusal("key_unknown"):
        export.history("billing")
    with refusal("key_unknown"):
        export.active("orders", "another tenant")
    with refusal("envelope_tampered"):
        unseal(export.active("orders"), seal(billing, b"secret"))
    text = dump_keys(export)
    for master in ring.masters:
        assert master.secret.hex() not in text
        assert not any(key.secret == master.secret for key in export.keys)


@pytest.mark.parametrize("flow", ["", "a/b", "line\nbreak", "\x7f", "o" * 256, "\ud800"])
def test_names_that_a_key_id_cannot_hold(flow: str) -> None:
    with refusal("key_id_invalid"):
        KeyRing.generate(NOW).active(flow)


def test_secrets_do_not_show() -> None:
    ring = KeyRing.generate(NOW)
    key = ring.active("orders")
    shown = f"{ring!r} {ring.masters!r} {key!r} {ring.export(['orders'])!r}"
    for secret in (ring.active_master.secret, key.secret):
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown


def test_digests_survive_rotation_and_hide_their_text() -> None:
    ring = KeyRing.generate(NOW)
    digest = keyed_digest(ring, "idempotency-key", "order 7", flow="orders")
    assert digest == keyed_digest(ring.rotate(NOW), "idempotency-key", "order 7", flow="orders")
    assert digest != keyed_digest(
        KeyRing.generate(NOW), "idempotency-key", "order 7", flow="orders"
    )
    assert digest != keyed_digest(ring, "call", "order 7", flow="orders")
    assert digest != keyed_digest(ring, "idempotency-key", "order 7", flow="billing")
    assert len(bytes.fromhex(digest)) == 16


def test_rings_and_exports_are_keys() -> None:
    ring = KeyRing.generate(NOW)
    holders: list[Keys] = [ring, ring.export(["orders"])]
    assert all(isinstance(keys.active("orders"), FlowKey) for keys in holders)
    assert isinstance(holders[1], FlowKeys)
