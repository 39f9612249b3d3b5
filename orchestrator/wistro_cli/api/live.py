"""What runs do and log: what was noted, and what is noted while somebody follows."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Mapping
from typing import cast

import httpx

from wistro.errors import WistroError
from wistro.stores.journal import JournalEntry
from wistro_cli.api.client import Api
from wistro_cli.api.runs import as_mapping

_PAGE = 1000
_PAUSE = 1.0
_PATIENCE = 30
"""Seconds without an API after which following ends: a restart takes less."""

Wanted = Mapping[str, str | int | None]


def past_entries(api: Api, path: str, wanted: Wanted) -> Generator[JournalEntry]:
    """The entries of the run at `path`, in order."""
    after = 0
    while True:
        page = as_mapping(api.get(f"{path}/logs", {**wanted, "after": after, "limit": _PAGE}))
        for document in cast("list[dict[str, object]]", page["entries"]):
            yield read_entry(document)
        following = cast("int | None", page["next_after"])
        if following is None:
            return
        after = following


def live_entries(api: Api, wanted: Wanted, after: int | None = None) -> Generator[JournalEntry]:
    """Entries beyond `after` (from now on, when `None`) as they come; goes on after interruptions."""
    from httpx_sse import EventSource

    away_since: float | None = None
    while True:
        try:
            with api.stream({**wanted, "after": after}) as response:
                away_since = None
                for event in EventSource(response).iter_sse():
                    if event.id:
                        after = int(event.id)
                    if event.event == "connected" or not event.data:
                        continue
                    yield read_entry(cast("dict[str, object]", json.loads(event.data)))
        except WistroError as error:
            if not isinstance(error.__cause__, httpx.HTTPError):
                raise
            away_since = away_since or time.monotonic()
            if time.monotonic() - away_since > _PATIENCE:
                raise
        time.sleep(_PAUSE)


def read_entry(document: Mapping[str, object]) -> JournalEntry:
    """An entry from its JSON form."""
    return JournalEntry(**document)  # pyright: ignore[reportArgumentType] - the API's own form
