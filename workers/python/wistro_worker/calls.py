"""`ctx.call`: the calls that a handler makes during one attempt."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from wistro.calls import LONGEST_WAIT, FlowCall, FlowCalled, FlowCalls, data_of
from wistro.context import Cancellation
from wistro.contract import Invocation
from wistro.errors import CallPending, Retryable, RunError, StoreError, Terminal
from wistro_worker.shapes import ANYTHING
from wistro_worker.tracing import current_traceparent


class AttemptCalls:
    """Makes the calls of one attempt, and counts them: an attempt that is repeated finds them again."""

    def __init__(
        self,
        invocation: Invocation,
        calls: FlowCalls | None,
        *,
        check: Callable[[str], None],
        cancelled: Cancellation,
        inline: bool,
    ) -> None:
        """Prepare to call.

        Args:
            invocation: The delivery that calls.
            calls: Carries the calls out.
            check: Refuses what comes after the attempt.
            cancelled: Ends all waiting once it is set.
            inline: Whether the workflow would wait for the calls.
        """
        self._invocation = invocation
        self._calls = calls
        self._check = check
        self._cancelled = cancelled
        self._inline = inline
        self._numbers = itertools.count(1)

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
    ) -> Coroutine[Any, Any, object]:
        """See `wistro.calls.Calling`. Its number and its data are those of this moment."""
        calls = self._open(flow)
        invocation, trigger = self._invocation, self._invocation.trigger
        given = trigger.client_context if client_context is ... else client_context
        call = FlowCall(
            flow=flow,
            input=ANYTHING.dump(data, f"The input of the call of `{flow}`"),
            number=next(self._numbers) if key is None else None,
            key=key,
            delivery_id=invocation.delivery_id,
            idempotency_key=invocation.idempotency_key,
            released=invocation.released,
            depth=trigger.depth,
            detached=detached,
            by=trigger.by,
            client_context=ANYTHING.dump(given, f"The client context of the call of `{flow}`"),
            traceparent=current_traceparent() or trigger.traceparent,
        )
        return self._answer(_Waiting(calls, call, timeout))

    def _open(self, flow: str) -> FlowCalls:
        self._check("call")
        if self._inline:
            raise Terminal(
                f"`{self._invocation.step}` calls `{flow}` and is placed inline: while it waits, no run"
                " of this process goes on",
                code="call_inline",
                hint="leave out `placement`, or call the flow with a step that has `calls`",
            )
        if self._calls is None:
            raise Terminal(
                f"`ctx.call({flow!r})`: there is nothing here that runs flows",
                code="not_available",
                hint="fake the step in this test; its handler can be tested with a `FakeContext`",
            )
        return self._calls

    async def _answer(self, waiting: _Waiting) -> object:
        """What the call is answered, unless the handler is asked to stop before."""
        asking = asyncio.ensure_future(waiting.answer())
        asked_to_stop = asyncio.ensure_future(_set(self._cancelled))
        try:
            await asyncio.wait({asking, asked_to_stop}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                found = asking.result()
                assert found.answer is not None
                return data_of(found.flow, found.call_id, found.answer)
        except (RunError, StoreError) as error:
            kind = Retryable if error.retryable else Terminal
            raise kind(
                error.message, code=error.code, hint=error.hint, details=error.details
            ) from error
        finally:
            asking.cancel()
            asked_to_stop.cancel()
        raise waiting.pending(
            f"has no answer yet, and `{self._invocation.step}` was asked to stop",
            reason=self._cancelled.reason,
        )


class _Waiting:
    """A call that is waited for, one request after the other."""

    def __init__(self, calls: FlowCalls, call: FlowCall, timeout: timedelta | None) -> None:
        self._calls = calls
        self._call = call
        self._timeout = timeout
        self._called: FlowCalled | None = None

    async def answer(self) -> FlowCalled:
        """The call with its answer; raises `CallPending` when the time is over."""
        loop = asyncio.get_running_loop()
        deadline = None if self._timeout is None else loop.time() + self._timeout.total_seconds()
        called = self._called = await self._calls.call(self._call, wait=_left(deadline, loop))
        while called.answer is None:
            if deadline is not None and loop.time() >= deadline:
                assert self._timeout is not None
                raise self.pending(f"has no answer after {self._timeout.total_seconds():g} s")
            called = await self._calls.fetch(
                called.flow, called.call_id, wait=_left(deadline, loop)
            )
        return called

    def pending(self, why: str, *, reason: str | None = None) -> CallPending:
        """The error that says that there is no answer yet."""
        called = self._called
        return CallPending(
            f"the call of `{self._call.flow}` {why}; the call goes on",
            flow=self._call.flow if called is None else called.flow,
            call_id=None if called is None else called.call_id,
            reason=reason,
        )


def _left(deadline: float | None, loop: asyncio.AbstractEventLoop) -> timedelta:
    if deadline is None:
        return LONGEST_WAIT
    return min(max(timedelta(seconds=deadline - loop.time()), timedelta()), LONGEST_WAIT)


async def _set(cancelled: Cancellation) -> None:
    await cancelled
