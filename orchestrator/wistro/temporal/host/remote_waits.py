"""Waits for processes that host runs without triggers: the worker API seen as a `WaitKeeper`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import httpx
from pydantic import TypeAdapter

from wistro.stores.remote import Mint
from wistro.stores.worker_client import WorkerApiClient, encode_body
from wistro.temporal import wire

_REACHED = TypeAdapter(wire.Reached)


class RemoteWaits:
    """A `WaitKeeper` over HTTP, for all the runs that a process hosts.

    It makes one attempt: the run that has something to say tries again until it worked.
    """

    def __init__(
        self,
        base_url: str,
        mint: Mint,
        client: httpx.AsyncClient,
        *,
        timeout: timedelta = timedelta(seconds=25),
    ) -> None:
        """Take where the triggers are, what mints run tokens and a client that stays the caller's."""
        self._api = WorkerApiClient(base_url, client, timeout=timeout)
        self._mint = mint

    async def show(self, shown: wire.WaitShown) -> None:
        """See `WaitKeeper.show`."""
        token = self._mint(shown.flow, shown.run_id)
        await self._api.call("/waits/show", encode_body(asdict(shown)), token=token)

    async def share(self, message: wire.SharedMessage) -> wire.Reached:
        """See `WaitKeeper.share`."""
        token = self._mint(message.sender.flow, message.sender.run_id)
        body = encode_body(asdict(message))
        return _REACHED.validate_python(await self._api.call("/waits/share", body, token=token))
