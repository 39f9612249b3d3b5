"""Calls for workers: the worker API seen as `FlowCalls`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import httpx
from pydantic import TypeAdapter

from wistro.calls import LONGEST_WAIT, FlowCall, FlowCalled
from wistro.errors import InvalidMessage, Issue, StoreError
from wistro.stores.worker_client import Token, WorkerApiClient, encode_body

_ANSWER = TypeAdapter(FlowCalled)
_GRACE = timedelta(seconds=10)
"""What a request may take besides its waiting."""


class RemoteCalls:
    """`FlowCalls` over HTTP, for the handlers of one run.

    While the API is away, every operation tries again for as long as `patience`: made twice, a call is
    the same call.
    """

    def __init__(
        self,
        base_url: str,
        token: Token,
        client: httpx.AsyncClient,
        *,
        patience: timedelta = timedelta(seconds=20),
    ) -> None:
        """Take where the triggers are, the run's token and a client that stays the caller's."""
        self._api = WorkerApiClient(base_url, client, timeout=LONGEST_WAIT + _GRACE)
        self._token = token
        self._patience = patience

    async def call(self, call: FlowCall, *, wait: timedelta) -> FlowCalled:
        """See `FlowCalls.call`."""
        return await self._post("call", {**asdict(call), "wait": wait.total_seconds()})

    async def fetch(self, flow: str, call_id: str, *, wait: timedelta) -> FlowCalled:
        """See `FlowCalls.fetch`."""
        wanted = {"flow": flow, "call_id": call_id, "wait": wait.total_seconds()}
        return await self._post("fetch", wanted)

    async def _post(self, operation: str, body: Mapping[str, Any]) -> FlowCalled:
        try:
            found = await self._api.call(
                f"/calls/{operation}",
                encode_body(body),
                token=self._token,
                patience=self._patience,
            )
        except StoreError as error:
            if error.code != "validation_failed":
                raise
            issues = [Issue(field=name, message=str(text)) for name, text in error.details.items()]
            raise InvalidMessage(error.message, issues=issues, hint=error.hint) from None
        return _ANSWER.validate_python(found)
