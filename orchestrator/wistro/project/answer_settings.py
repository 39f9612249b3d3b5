"""`answers` in `wistro.yml`: how answers reach response targets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from wistro.options import Duration, Options, matching

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

TargetName: TypeAlias = Annotated[
    str,
    *matching(
        r"[a-z][a-z0-9_-]{0,62}", "up to 63 lower case letters, digits, `_` and `-`, a letter first"
    ),
]

VariableName: TypeAlias = Annotated[
    str, *matching(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable, not its value")
]


def _check_pattern(pattern: str) -> str:
    found = urlsplit(pattern)
    if found.scheme not in ("http", "https") or not found.netloc or not found.path:
        raise ValueError(
            f"expected scheme, host and path, such as `https://*.shop.example/*`, found `{pattern}`"
        )
    return pattern


AddressPattern: TypeAlias = Annotated[str, AfterValidator(_check_pattern)]
"""Addresses of receivers: in host and path, `*` stands for any text."""


class WebhookSettings(Options):
    """How answers are sent to the target `webhook`."""

    secret: VariableName | tuple[VariableName, ...] = ()
    """The variable with the secret that signs, `whsec_…`; several while one takes over from another."""
    allow: tuple[AddressPattern, ...] = ()
    """Receivers that may be inside: at an address that is not public, or without TLS where the
    pattern says `http`. All others are reached by `https` at public addresses only."""
    only_allowed: bool = False
    """Send to no other receivers than those of `allow`."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The variables with the secrets."""
        return (self.secret,) if isinstance(self.secret, str) else self.secret


class ChannelSettings(Options):
    """The channels of users."""

    keep: Duration = timedelta(hours=24)
    """How long an answer is kept for tabs that come back."""


class InboxAnswerSettings(Options):
    """Answers in the inbox."""

    keep: Duration = timedelta(days=30)
    """How long one is kept that nobody puts away."""


class TargetPlugin(Options):
    """A response target of one's own."""

    use: Annotated[
        str, *matching(r"[\w.]+:\w+", "something importable, such as `package.module:Class`")
    ]
    """What makes it, `package.module:Class`: called with `options`."""
    options: Mapping[str, object] = Field(default_factory=dict[str, object])
    """What it is made with."""


def _read_plugin(value: object) -> object:
    return {"use": value} if isinstance(value, str) else value


class AnswerSettings(Options):
    """How answers reach those who called."""

    retry: tuple[Duration, ...] = (
        timedelta(seconds=5),
        5 * MINUTE,
        30 * MINUTE,
        2 * HOUR,
        5 * HOUR,
        10 * HOUR,
        14 * HOUR,
        20 * HOUR,
        24 * HOUR,
    )
    """The waits after an attempt that failed; the first attempt is made at once. An answer that is
    still not delivered then waits for `wistro answers redeliver`."""
    timeout: Duration = timedelta(seconds=20)
    """How long one attempt may take."""
    retention: Duration = timedelta(days=30)
    """How long an answer that was not delivered waits."""
    webhooks: WebhookSettings = WebhookSettings()
    """The target `webhook`."""
    channels: ChannelSettings = ChannelSettings()
    """The target `channel`."""
    inbox: InboxAnswerSettings = InboxAnswerSettings()
    """The target `inbox`."""
    targets: Mapping[TargetName, Annotated[TargetPlugin, BeforeValidator(_read_plugin)]] = Field(
        default_factory=dict[str, TargetPlugin]
    )
    """Targets of one's own, by name: `crm: "package.module:CrmTarget"`, or a table with `use` and
    `options`."""

    @field_validator("timeout")
    @classmethod
    def _some_time(cls, value: timedelta) -> timedelta:
        if not timedelta() < value <= 10 * MINUTE:
            raise ValueError(f"expected more than nothing and at most `10m`, found `{value}`")
        return value
