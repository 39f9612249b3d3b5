"""What runs reach outside of themselves, besides Temporal: given to whoever hosts them."""

from __future__ import annotations

from dataclasses import dataclass

from wistro.stores.inbox import InboxSink
from wistro.temporal.activities.answers import AnswerServices
from wistro.temporal.activities.waits import WaitKeeper
from wistro.temporal.host.task_links import LinkMaker


@dataclass(frozen=True, kw_only=True)
class OutsideServices:
    """What the built-in activities need; what is not given is not there."""

    inbox: InboxSink | None = None
    """Where people find the tasks of runs."""
    links: LinkMaker | None = None
    """Makes the links by which people without an account answer them."""
    waits: WaitKeeper | None = None
    """Knows which runs wait for messages from outside."""
    answers: AnswerServices | None = None
    """What response targets need; without it, those that need nothing more than Temporal work."""
