"""Calls that handlers make of other flows: what `ctx.call` asks for, and who carries it out."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from wistro.contract import CallAnswer
from wistro.errors import CallFailed

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


class Calling(Protocol):
    """`ctx.call`: runs a callable flow and awaits its answer."""

    def __call__(
        self,
        flow: str,
        data: object = None,
        /,
        *,
        timeout: timedelta | None = None,
        key: str | None = None,
        detached: bool = False,
        client_context: object = ...,
    ) -> Awaitable[Any]:
        """Call `flow`, or the call that an earlier attempt made: an attempt that is repeated finds it.

        Calls are told apart by their order in the attempt. A handler whose calls do not always come in
        the same order gives each a `key`.

        Args:
            flow: A flow with a call step, or an app.
            data: What the flow takes. An earlier attempt's counts, if there was one.
            timeout: How long to wait; without it, as long as the attempt may take.
            key: Which call of the delivery it is.
            detached: Let the call go on when this run ends before it; else it is cancelled then.
            client_context: What handlers there see of the caller; that of this run, unless given.

        Returns:
            The data of the answer.

        Raises:
            CallFailed: there is no answer, and there will be none.
            CallPending: there is none within `timeout`. The call goes on, and the next attempt waits again.
            InvalidMessage: the flow does not take `data`.
            Terminal: `forbidden`, `not_callable`, `ambiguous_call`, `call_too_deep`, `run_ended`,
                `call_inline`.
        """
        ...


class SyncCalling(Protocol):
    """`ctx.call` in a `def` handler: returns what `Calling` awaits."""

    def __call__(
        self,
        flow: str,
        data: object = None,
        /,
        *,
        timeout: timedelta | None = None,
        key: str | None = None,
        detached: bool = False,
        client_context: object = ...,
    ) -> Any:
        """See `Calling.__call__`."""
        ...


def data_of(flow: str, call_id: str, answer: CallAnswer) -> object:
    """The data of an answer.

    Raises:
        CallFailed: it has none.
    """
    if answer.status == "answered" and answer.error is None:
        return answer.data
    error = answer.error
    raise CallFailed(
        f"the call of `{flow}` has no answer: {error.message if error else answer.status}",
        flow=flow,
        call_id=call_id,
        status=answer.status,
        code=error.code if error else None,
        path=answer.path,
        hint=f"the run `{call_id}` of `{flow}` has the details",
    )
