"""The inbox for processes that host runs without triggers: the worker API seen as a sink."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import httpx

from wistro.stores.inbox import InboxEntry
from wistro.stores.remote import Mint
from wistro.stores.worker_client import WorkerApiClient, encode_body


class RemoteInbox:
    """An `InboxSink` over HTTP, for all the runs that a process hosts.

    It makes one attempt: the run that has something to show tries again until it worked.
    """

    def __init__(
        self,
        base_url: str,
        mint: Mint,
        client: httpx.AsyncClient,
        *,
        timeout: timedelta = timedelta(seconds=10),
    ) -> None:
        """Take where the triggers are, what mints run tokens and a client that stays the caller's."""
        self._api = WorkerApiClient(base_url, client, timeout=timeout)
        self._mint = mint

    async def show(self, entry: InboxEntry, /) -> None:
        """See `InboxSink.show`."""
        token = self._mint(entry.flow, entry.run_id)
        await self._api.call("/inbox/show", encode_body(asdict(entry)), token=token)
