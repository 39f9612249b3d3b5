"""What handlers call, carried out by an engine: in the process of the handler, or behind the worker API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from wistro.access import Identity, may_call
from wistro.calls import FlowCall, FlowCalled
from wistro.contract import RunRef
from wistro.errors import RunError
from wistro.project.callables import callable_flow
from wistro.temporal import wire
from wistro.temporal.host.calls import Called, Calls

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine

Refused = Callable[[Identity, str], None]
"""Takes who was refused, and the flow: for the audit."""


def _untold(identity: Identity, flow: str) -> None:
    _ = identity, flow


class HandlerCalls:
    """The calls of one run's handlers (`wistro.calls.FlowCalls`)."""

    def __init__(
        self, engine: Engine, flow: str, run_id: str, *, refused: Refused = _untold
    ) -> None:
        """Call for the run `run_id` of `flow`."""
        self._engine = engine
        self._run = RunRef(flow=flow, run_id=run_id)
        self._by = Identity(kind="flow", id=flow)
        self._refused = refused

    async def call(self, call: FlowCall, *, wait: timedelta) -> FlowCalled:
        """See `FlowCalls.call`.

        Raises:
            RunError, InvalidMessage: as `Calls.call_from`.
        """
        flow = callable_flow(self._engine.lock, call.flow, app=self._by.app)
        run = self._run
        request = wire.CallRequest(
            flow=flow,
            run_id=self._engine.digest("call", self._which(call), flow=flow),
            data=call.input,
            caller=RunRef(flow=run.flow, run_id=run.run_id, delivery_id=call.delivery_id),
            depth=call.depth,
            by=call.by,
            client_context=call.client_context,
            traceparent=call.traceparent,
            detached=call.detached,
        )
        try:
            return _view(await Calls(self._engine).call_from(request, wait=wait))
        except RunError as error:
            if error.code == "forbidden":
                self._refused(self._by, flow)
            raise

    async def fetch(self, flow: str, call_id: str, *, wait: timedelta) -> FlowCalled:
        """See `FlowCalls.fetch`.

        Raises:
            RunError: `forbidden`.
            RunNotFound: there is no such call, or it is past its retention.
        """
        flow = callable_flow(self._engine.lock, flow, app=self._by.app)
        # Nobody can guess the id of a call, but others than its caller may have been told it.
        if (refused := may_call(self._engine.lock, flow, self._by)) is not None:
            self._refused(self._by, flow)
            raise RunError(refused.message, flow=flow, code="forbidden", hint=refused.hint)
        return _view(await Calls(self._engine).fetch(flow, call_id, wait=wait))

    def _which(self, call: FlowCall) -> str:
        """The same for the same call of each attempt, and for no other call.

        The called flow counts by the name that the handler gave: two names of one flow are two calls. The
        calling one counts, as workers say the rest: none of them gets what another flow has called.
        """
        which = f"n{call.number}" if call.key is None else f"k{call.key}"
        said = f"{call.idempotency_key}\0{call.released}\0{call.flow}\0{which}"
        return f"{self._run.flow}\0{said}"


def _view(called: Called) -> FlowCalled:
    return FlowCalled(flow=called.flow, call_id=called.run_id, answer=called.answer)
