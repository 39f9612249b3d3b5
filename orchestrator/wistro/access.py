"""Who may call a flow: identities, the rules of `wistro.yml`, and the decision. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeAlias

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from wistro.options import Options, matching, plain_or_table

if TYPE_CHECKING:
    from wistro.project.lock import CallableLock, Lock

IdentityKind: TypeAlias = Literal["anonymous", "token", "key", "user", "flow", "app"]

Access: TypeAlias = Literal["public", "token"]
"""Anybody, or only holders of the management token."""

CALL_ANY, INBOX = "call:*", "inbox"
"""Scopes of keys: calling every flow, and answering the tasks of the inbox."""

KeyScope: TypeAlias = Annotated[
    str, *matching(r"call:(\*|[^/*\x00-\x1f]{1,100})|inbox", "`call:*`, `call:<flow>` or `inbox`")
]
"""What an API key is good for: `call:*`, `call:<flow>` or `inbox`."""

_Word = Annotated[str, StringConstraints(min_length=1, max_length=256)]


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who asks for something, as far as it has been proved."""

    kind: IdentityKind
    id: str = ""
    """The key's name, the user's id, the flow, the app; for a holder of the management token, the name
    given when signing in to the workbench, if any."""
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    by_token: bool = False
    """Whether a holder of the management token acts in this name."""
    expires_at: float | None = field(default=None, compare=False)
    """Until when that is proved, in seconds since the epoch: connections that last end then."""

    @property
    def trusted(self) -> bool:
        """Whether the management token opened the door: no rule applies."""
        return self.kind == "token" or self.by_token

    @property
    def app(self) -> str | None:
        """The app that it belongs to: the flows of an app are called `<app>.<flow>`."""
        if self.kind == "flow":
            app, dot, _ = self.id.partition(".")
            return app if dot else None
        return self.id if self.kind == "app" else None

    def holds(self, scope: str) -> bool:
        """Whether one of its scopes covers `scope`: `call:*` covers `call:refunds`."""
        return scope in self.scopes or (scope.startswith("call:") and CALL_ANY in self.scopes)

    def __str__(self) -> str:
        """As records write it: `key:shop-frontend`, `anonymous`."""
        return f"{self.kind}:{self.id}" if self.id else self.kind


ANONYMOUS = Identity(kind="anonymous")
MANAGEMENT = Identity(kind="token")
"""A holder of the management token, in nobody's name."""


class Rule(Options):
    """Lets those in that it describes; it says exactly one thing about them."""

    key: _Word | None = None
    """The API key of this name."""
    user: _Word | None = None
    """The user with this id."""
    role: _Word | None = None
    """Users and keys with this role."""
    scope: _Word | None = None
    """Users and keys with this scope."""
    flow: _Word | None = None
    """The handlers of this flow."""
    app: _Word | None = None
    """The handlers of every flow of this app."""

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        found = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(found) != 1:
            given = ", ".join(f"`{name}`" for name in found) or "nothing"
            expected = ", ".join(f"`{name}`" for name in type(self).model_fields)
            raise ValueError(f"expected exactly one of {expected}, found {given}")
        return self

    def accepts(self, identity: Identity) -> bool:
        """Whether `identity` is whom it describes."""
        if self.role is not None:
            return self.role in identity.roles
        if self.scope is not None:
            return identity.holds(self.scope)
        if self.app is not None:
            return self.app == identity.app
        named = {"key": self.key, "user": self.user, "flow": self.flow}.get(identity.kind)
        return named is not None and named == identity.id


AccessRule: TypeAlias = Annotated[
    Annotated[Access, Tag("<plain>")] | Annotated[Rule, Tag("<table>")],
    Discriminator(plain_or_table),
]
"""`public`, `token` (which always may), or a table such as `{role: agent}`."""

AccessRules: TypeAlias = Annotated[tuple[AccessRule, ...], Field(min_length=1)]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why somebody may not."""

    reason: str
    """A word for the audit: `unauthenticated`, `scope_missing`, `not_allowed`, `token_only`, …"""
    message: str
    """What was refused, for whoever asked: it says nothing about who may."""
    hint: str
    scope: str | None = None
    """The scope that would help a key."""


def decide(rules: Sequence[AccessRule], identity: Identity, flow: str) -> Refusal | None:
    """Why `identity` may not call `flow` by these rules; `None`: it may.

    Whoever no rule accepts may not. A key also needs a scope for the flow, except where the flow is
    public: a key must never open less than its absence does.
    """
    if identity.trusted or "public" in rules:
        return None
    if identity.kind == "anonymous":
        return Refusal(
            reason="unauthenticated",
            message=f"The flow `{flow}` is not open to everybody, and the request does not say who sends it.",
            hint="send an API key in `X-API-Key`, or a key or token in `Authorization: Bearer …`",
        )
    scope = f"call:{flow}"
    if identity.kind == "key" and not identity.holds(scope):
        return Refusal(
            reason="scope_missing",
            message=f"The key `{identity.id}` may not call the flow `{flow}`.",
            hint=f"it needs the scope `{scope}`",
            scope=scope,
        )
    if any(isinstance(rule, Rule) and rule.accepts(identity) for rule in rules):
        return None
    named = "this flow or its app" if identity.kind in ("flow", "app") else f"this {identity.kind}"
    named += ", a role or a scope of it" if identity.kind in ("key", "user") else ""
    return Refusal(
        reason="not_allowed",
        message=f"{_named(identity)} may not call the flow `{flow}`.",
        hint=f"`flows.{flow}.callable.allow` would have to name {named}",
    )


def may_call(
    lock: Lock, flow: str, identity: Identity, *, development: bool = False
) -> Refusal | None:
    """Why `identity` may not call a callable flow of the project; `None`: it may.

    As long as no rule says otherwise, the flows of a project may call each other.

    Args:
        lock: The project.
        flow: A callable flow of it.
        identity: Who calls; for a handler, `Identity(kind="flow", id=<its flow>)`.
        development: Whether a flow that says nothing is open to everybody.
    """
    found = lock.flows[flow].callable
    assert found is not None
    return refusal(found, flow, identity, development=development)


def refusal(
    found: CallableLock, flow: str, identity: Identity, *, development: bool = False
) -> Refusal | None:
    """See `may_call`."""
    if found.allow is not None:
        return decide(found.allow, identity, flow)
    said = found.access or ("public" if development else "token")
    if identity.trusted or said == "public" or identity.kind in ("flow", "app"):
        return None
    if identity.kind == "anonymous":
        return decide((said,), identity, flow)
    return Refusal(
        reason="token_only",
        message=f"{_named(identity)} may not call the flow `{flow}`.",
        hint=f"say in `flows.{flow}.callable.allow` who may; until then, only the management token",
    )


def _named(identity: Identity) -> str:
    return f"The {identity.kind} `{identity.id}`"
