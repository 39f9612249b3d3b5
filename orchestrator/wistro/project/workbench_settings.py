"""`workbench` in `wistro.yml`: who may look at the project, read its data, and operate it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, field_validator

from wistro.access import Identity, Rule
from wistro.options import Options, matching
from wistro.project.answer_settings import VariableName

Level: TypeAlias = Literal["view", "read", "operate"]
"""`view`: flows, runs and their timing; `read`: what messages, state and logs say, too; `operate`: also
change something."""

LEVELS: tuple[Level, ...] = ("view", "read", "operate")
"""From the least to the most; each includes those before it."""


def _a_person(rule: Rule) -> Rule:
    if rule.flow is not None or rule.app is not None:
        raise ValueError(
            "flows and apps use no workbench: expected `user`, `role`, `scope` or `key`"
        )
    return rule


PersonRules: TypeAlias = tuple[Annotated[Rule, AfterValidator(_a_person)], ...]
"""Rules for users and keys: `{role: support}`, `{user: "anna@shop.example"}`, `{key: dashboard}`."""


class SignInSettings(Options):
    """How the workbench sends people to the issuer of `auth.oidc`, and knows them when they come back."""

    client_id: Annotated[str, Field(min_length=1, max_length=256)]
    """What the issuer calls the workbench."""
    client_secret: VariableName | None = None
    """The variable with the secret that the issuer has given the workbench, if it has given one."""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    """What the issuer is asked for; `openid` is among it."""

    @field_validator("scopes")
    @classmethod
    def _of_openid(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError(f"expected `openid` among them, found `{' '.join(value)}`")
        return value


class WorkbenchSettings(Options):
    """Who may use the workbench and the management API, besides holders of the management token."""

    url: (
        Annotated[
            str, *matching(r"https?://[^\s/?#]+", "an origin such as `https://ops.shop.example`")
        ]
        | None
    ) = None
    """Where browsers reach it, such as `https://ops.shop.example`; without it, what they ask for."""
    sign_in: SignInSettings | None = None
    """Sign people in at the issuer of `auth.oidc`."""
    view: PersonRules = ()
    """Who may see flows, runs and their timing, but nothing of what messages say."""
    read: PersonRules = ()
    """Who may see inputs, outputs, errors, logs, state and source code as well."""
    operate: PersonRules = ()
    """Who may change things as well: start, cancel, retry, edit state, …"""

    def level(self, identity: Identity) -> Level | None:
        """The most that `identity` may do; `None`: nothing at all."""
        if identity.trusted:
            return "operate"
        for level in reversed(LEVELS):
            rules: PersonRules = getattr(self, level)
            if any(rule.accepts(identity) for rule in rules):
                return level
        return None


def covers(level: Level, wanted: Level) -> bool:
    """Whether who may do `level` may do `wanted`."""
    return LEVELS.index(level) >= LEVELS.index(wanted)
