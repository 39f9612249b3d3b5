"""`ctx.call` in handlers under test: their calls are those of the harness."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from wistro.calls import LONGEST_WAIT, FlowCall, FlowCalled, data_of
from wistro.contract import CallAnswer, ErrorInfo, Invocation, RunRef
from wistro.errors import RunError
from wistro.machine.events import CallOpened
from wistro.machine.state import OpenCall
from wistro.testing.called import FlowAsked
from wistro.testing.driver import RunDriver
from wistro.testing.turns import Job, Turns
from wistro.values import jsonable


class HandlerCalls:
    """The calls of one attempt's handler (`wistro.calls.FlowCalls`).

    An answer that takes time comes when the test advances the clock; the handler waits until then,
    whatever the `timeout` that it gives.
    """

    def __init__(
        self,
        invocation: Invocation,
        run: RunDriver,
        *,
        job: Job | None,
        turns: Turns,
        make: Callable[[FlowAsked], ErrorInfo | None],
        soon: Callable[[Callable[[], Any]], None],
        answers: dict[str, CallAnswer],
    ) -> None:
        """Call for a delivery of `run`; `answers` are those that the calls of all runs have."""
        self._invocation = invocation
        self._run = run
        self._job = job
        self._turns = turns
        self._make = make
        self._soon = soon
        self._answers = answers

    async def call(self, call: FlowCall, *, wait: timedelta) -> FlowCalled:
        """See `FlowCalls.call`."""
        _ = wait
        which = f"{call.idempotency_key}\0{call.released}\0{call.key or call.number}\0{call.flow}"
        run_id = sha256(which.encode()).hexdigest()[:32]
        if run_id not in self._answers:
            await self._ask(call, run_id)
        return FlowCalled(flow=call.flow, call_id=run_id, answer=self._answers[run_id])

    async def fetch(self, flow: str, call_id: str, *, wait: timedelta) -> FlowCalled:
        """See `FlowCalls.fetch`."""
        _ = wait
        return FlowCalled(flow=flow, call_id=call_id, answer=self._answers[call_id])

    def calling(self) -> Callable[..., Any]:
        """`ctx.call` for a fake's handler."""
        numbers, given = itertools.count(1), self._invocation

        async def call(
            flow: str,
            data: object = None,
            /,
            *,
            key: str | None = None,
            detached: bool = False,
            client_context: object = ...,
            **_: object,
        ) -> object:
            own = client_context is not ...
            asked = FlowCall(
                flow=flow,
                input=jsonable(data),
                number=None if key else next(numbers),
                key=key,
                delivery_id=given.delivery_id,
                idempotency_key=given.idempotency_key,
                released=given.released,
                detached=detached,
                client_context=client_context if own else given.trigger.client_context,
            )
            called = await self.call(asked, wait=LONGEST_WAIT)
            assert called.answer is not None
            return data_of(flow, called.call_id, called.answer)

        return call

    async def _ask(self, call: FlowCall, run_id: str) -> None:
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def told(answer: CallAnswer) -> None:
            self._answers.setdefault(run_id, answer)
            if self._job is not None:
                self._soon(partial(self._turns.resume, self._job, answered))

        caller = RunRef(
            flow=self._invocation.flow,
            run_id=self._invocation.run_id,
            delivery_id=call.delivery_id,
        )
        error = self._make(
            FlowAsked(
                flow=call.flow,
                run_id=run_id,
                data=call.input,
                caller=caller,
                trigger=self._run.trigger,
                client_context=call.client_context,
                told=told,
            )
        )
        if error is not None:
            raise RunError(error.message, flow=call.flow, code=error.code)
        opened = OpenCall(
            flow=call.flow, run_id=run_id, delivery_id=call.delivery_id, detached=call.detached
        )
        self._run.apply(CallOpened(at=self._run.time, call=opened))
        if self._job is not None:
            await self._turns.wait(self._job, answered)
