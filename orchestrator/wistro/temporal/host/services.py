"""What runs reach outside of themselves, besides Temporal: given to whoever hosts them."""

from __future__ import annotations

from dataclasses import dataclass

from wistro.temporal.activities.waits import WaitKeeper


@dataclass(frozen=True, kw_only=True)
class OutsideServices:
    """What the built-in activities need; what is not given is not there."""

    waits: WaitKeeper | None = None
    """Knows which runs wait for messages from outside."""
