"""Calls that handlers make of other flows: what `ctx.call` asks for, and who carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from wistro.contract import CallAnswer

LONGEST_WAIT = timedelta(seconds=25)
"""The longest that one request waits for an answer: below what proxies put up with."""


@dataclass(frozen=True, kw_only=True)
class FlowCall:
    """A call as the handler of a run makes it.

    `number` or `key` says which call of its delivery it is: made again, it is the same call.
    """

    flow: str
    """A flow with a call step, or an app."""
    input: object = None
    number: int | None = None
    """Counts the calls without a key in the attempt, from 1."""
    key: str | None = None
    """What the author of the step calls it."""
    delivery_id: str
    idempotency_key: str
    released: int = 0
    depth: int = 0
    """That of the calling run."""
    detached: bool = False
    """Whether it goes on when the calling run ends before it."""
    by: str | None = None
    client_context: object = None
    traceparent: str | None = None


@dataclass(frozen=True, kw_only=True)
class FlowCalled:
    """A call, and its answer as far as there is one."""

    flow: str
    """The flow that was meant."""
    call_id: str
    answer: CallAnswer | None = None


class FlowCalls(Protocol):
    """Carries out the calls of one run's handlers."""

    async def call(self, call: FlowCall, *, wait: timedelta) -> FlowCalled:
        """Start the call, unless it was before, and wait a while for its answer."""
        ...

    async def fetch(self, flow: str, call_id: str, *, wait: timedelta) -> FlowCalled:
        """Wait a while for the answer of a call that was made."""
        ...
