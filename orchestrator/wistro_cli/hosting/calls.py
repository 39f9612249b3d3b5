"""The calls of handlers that run in the process of the engine: without the way over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

from wistro.access import Identity
from wistro.calls import FlowCall, FlowCalled, FlowCalls
from wistro.contract import Invocation
from wistro.errors import RunError
from wistro.stores.audit_buffer import AuditBuffer
from wistro.temporal.host.engine import Engine
from wistro.temporal.host.handler_calls import HandlerCalls

CallsOf: TypeAlias = Callable[[Invocation], FlowCalls]


class DirectCalls:
    """Makes calls through the engine of this process, once it has one."""

    def __init__(self, *, audit: AuditBuffer | None, remote: CallsOf | None) -> None:
        """Take where refusals are noted: here, or by the triggers, whose API is asked then."""
        self.engine: Engine | None = None
        self._audit = audit
        self._remote = remote

    def of(self, invocation: Invocation) -> FlowCalls:
        """The calls of the run that an invocation belongs to."""
        assert self.engine is not None, "nothing runs before there is an engine"
        direct = HandlerCalls(
            self.engine, invocation.flow, invocation.run_id, refused=self._refused
        )
        return direct if self._remote is None else _Noted(direct, self._remote(invocation))

    def _refused(self, identity: Identity, flow: str) -> None:
        if self._audit is not None:
            self._audit.refused(identity, "call", "not_allowed", flow=flow)


class _Noted:
    """Calls directly; what is refused is asked of the worker API again, which keeps the audit."""

    def __init__(self, direct: FlowCalls, remote: FlowCalls) -> None:
        self._direct = direct
        self._remote = remote

    async def call(self, call: FlowCall, *, wait: timedelta) -> FlowCalled:
        """See `FlowCalls.call`."""
        try:
            return await self._direct.call(call, wait=wait)
        except RunError as error:
            if error.code != "forbidden":
                raise
            return await self._remote.call(call, wait=wait)

    async def fetch(self, flow: str, call_id: str, *, wait: timedelta) -> FlowCalled:
        """See `FlowCalls.fetch`."""
        return await self._direct.fetch(flow, call_id, wait=wait)
