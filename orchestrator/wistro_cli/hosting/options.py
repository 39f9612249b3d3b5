"""How a process runs the parts of a project."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from wistro_cli.parts import Parts


@dataclass(frozen=True, kw_only=True)
class HostOptions:
    """What `wistro start` was asked for; what is not given comes from the lock."""

    parts: Parts
    host: str | None = None
    """The address to listen on."""
    port: int | None = None
    """The port to listen on."""
    internal_port: int | None = None
    """The port of the internal listener."""
    development: bool = False
    """Show more to callers, and let the Temporal UI of this machine decrypt."""
    ui_origins: tuple[str, ...] = ()
    """Where the Temporal UI is, which asks the codec server to decrypt."""
    drain: timedelta | None = None
    """How long running deliveries get to finish."""
