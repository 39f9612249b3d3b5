"""The decision: pure, by rules and identities."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from wistro.access import ANONYMOUS, MANAGEMENT, Identity, Rule, decide, may_call
from wistro.project.lock import CallableLock, FlowLock, Lock, dump_lock, load_lock

RULES = (
    Rule(key="frontend"),
    Rule(role="agent"),
    Rule(user="anna"),
    Rule(scope="refunds:write"),
    Rule(flow="support"),
    Rule(app="returns"),
)


def identity(text: str, *, roles: str = "", scopes: str = "") -> Identity:
    kind, _, id = text.partition(":")
    return Identity(
        kind=kind,  # pyright: ignore[reportArgumentType]
        id=id,
        roles=frozenset(roles.split()),
        scopes=frozenset(scopes.split()),
    )


@pytest.mark.parametrize(
    "who",
    [
        MANAGEMENT,
        Identity(kind="user", id="bert", by_token=True),
        identity("key:frontend", scopes="call:refunds"),
        identity("key:frontend", scopes="call:*"),
        identity("key:desk", roles="agent", scopes="call:refunds"),
        identity("user:bert", roles="buyer agent"),
        identity("user:anna"),
        identity("user:bert", scopes="openid refunds:write"),
        identity("flow:support"),
        identity("flow:returns.intake"),
        identity("app:returns"),
    ],
    ids=str,
)
def test_allowed(who: Identity) -> None:
    assert decide(RULES, who, "refunds") is None


@pytest.mark.parametrize(
    ("who", "reason", "hint"),
    [
        (ANONYMOUS, "unauthenticated", "X-API-Key"),
        (identity("key:frontend"), "scope_missing", "`call:refunds`"),
        (identity("key:frontend", scopes="call:quotes inbox"), "scope_missing", "`call:refunds`"),
        (identity("key:other", scopes="call:*"), "not_allowed", "this key"),
        (identity("user:frontend"), "not_allowed", "this user"),
        (identity("key:anna", scopes="call:*"), "not_allowed", "this key"),
        (identity("user:bert", roles="Agent"), "not_allowed", "this user"),
        (identity("flow:other"), "not_allowed", "this flow"),
        (identity("flow:returns"), "not_allowed", "this flow"),
        (identity("flow:returnsx.intake"), "not_allowed", "this flow"),
        (identity("app:support"), "not_allowed", "its app"),
    ],
    ids=str,
)
def test_refused(who: Identity, reason: str, hint: str) -> None:
    found = decide(RULES, who, "refunds")
    assert found is not None
    assert found.reason == reason
    assert hint in found.hint
    for secret in ("agent", "frontend", "anna", "refunds:write", "returns", "support"):
        if secret not in who.id:
            assert secret not in found.message + found.hint


def test_a_public_flow_is_open_to_whoever_shows_something_too() -> None:
    for who in (ANONYMOUS, identity("key:other"), identity("user:bert"), identity("flow:x")):
        assert decide(("public",), who, "refunds") is None


def test_only_the_token() -> None:
    assert decide(("token",), MANAGEMENT, "f") is None
    for who in (ANONYMOUS, identity("key:k", scopes="call:*"), identity("flow:f")):
        assert decide(("token",), who, "f") is not None


def lock(**said: object) -> Lock:
    found = CallableLock.model_validate({"step": "s", "timeout": timedelta(seconds=1), **said})
    return Lock(project="shop", flows={"f": FlowLock(name="F", callable=found)})


@pytest.mark.parametrize(
    ("said", "who", "development", "may"),
    [
        ({}, ANONYMOUS, True, True),
        ({}, ANONYMOUS, False, False),
        ({}, identity("flow:other"), False, True),
        ({}, identity("user:anna"), False, False),
        ({"access": "public"}, ANONYMOUS, False, True),
        ({"access": "token"}, ANONYMOUS, True, False),
        ({"access": "token"}, identity("key:k", scopes="call:*"), False, False),
        ({"access": "token"}, identity("flow:other"), False, True),
        ({"allow": [{"flow": "support"}]}, identity("flow:other"), True, False),
        ({"allow": [{"flow": "support"}]}, ANONYMOUS, True, False),
        ({"allow": [{"flow": "support"}]}, identity("flow:support"), False, True),
        ({"allow": ["token"]}, identity("flow:support"), False, False),
    ],
)
def test_what_is_said_about_a_flow(
    said: dict[str, object], who: Identity, development: bool, may: bool
) -> None:
    assert (may_call(lock(**said), "f", who, development=development) is None) == may


def test_rules_survive_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "wistro.yml.lock"
    sealed = lock(allow=["public", {"role": "agent"}], internal=True).sealed()
    path.write_text(dump_lock(sealed))
    found = load_lock(path).flows["f"].callable
    assert found is not None
    assert (found.allow, found.internal) == (("public", Rule(role="agent")), True)
    assert Lock.model_validate(load_lock(path).model_dump()).flows["f"].callable is not None


def test_identities_are_written_as_text() -> None:
    assert str(ANONYMOUS) == "anonymous"
    assert str(MANAGEMENT) == "token"
    assert str(identity("user:anna@shop.example")) == "user:anna@shop.example"
