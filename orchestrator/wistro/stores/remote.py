"""State and journal for workers: the worker API seen as stores."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar, cast

import httpx

from wistro.errors import StoreError
from wistro.stores import encoding
from wistro.stores.journal import JournalEntry
from wistro.stores.state import DEFAULT_PAGE, Page, StateEntry
from wistro.stores.worker_client import Token, WorkerApiClient, encode_body

T = TypeVar("T")

Mint: TypeAlias = Callable[[str, str], str]
"""Mints the token of a run, from its flow and its id."""

_MAX_REQUEST_BYTES = 512 * 1024
_MAX_REQUEST_ENTRIES = 1000

_log = logging.getLogger(__name__)


class RemoteState:
    """A `StateStore` over HTTP, for the handlers of one run.

    While the API is away, every operation waits and tries again for as long as `patience`; one that
    would do harm if done twice only as long as it certainly was not done.
    """

    def __init__(
        self,
        base_url: str,
        token: Token,
        client: httpx.AsyncClient,
        *,
        timeout: timedelta = timedelta(seconds=10),
        patience: timedelta = timedelta(seconds=20),
    ) -> None:
        """Take where the triggers are, the run's token and a client that stays the caller's.

        Args:
            base_url: The address of the triggers, for example `http://127.0.0.1:3000`.
            token: The run token, or what mints one.
            client: Closed by its owner.
            timeout: How long one attempt may last.
            patience: How long to go on trying while the API is away.
        """
        self._api = WorkerApiClient(base_url, client, timeout=timeout)
        self._token = token
        self._patience = patience

    async def get(self, group: str, key: str) -> StateEntry | None:
        """See `StateStore.get`."""
        found = await self._call("get", _body(group, key))
        return _entry(found["entry"]) if found["entry"] else None

    async def set(
        self,
        group: str,
        key: str,
        value: object,
        *,
        if_version: int | None = None,
        if_absent: bool = False,
    ) -> StateEntry:
        """See `StateStore.set`."""
        conditions = {"if_version": if_version, "if_absent": if_absent}
        # Repeated, a conditional write would find its own first attempt and call it a conflict.
        repeatable = if_version is None and not if_absent
        found = await self._write("set", group, key, conditions, repeatable, value=value)
        return _entry(found["entry"])

    async def delete(self, group: str, key: str) -> bool:
        """See `StateStore.delete`. After an answer was lost, says `False` for what it did remove."""
        found = await self._call("delete", _body(group, key))
        return cast("bool", found["deleted"])

    async def list(
        self, group: str, *, after: str | None = None, limit: int = DEFAULT_PAGE
    ) -> Page[StateEntry]:
        """See `StateStore.list`."""
        encoding.check_names(group=group)
        wanted = {"group": group, "after": after, "limit": limit}
        return _page(await self._call("list", encode_body(wanted)), _entry)

    async def clear(self, group: str) -> int:
        """See `StateStore.clear`. After an answer was lost, may count too few."""
        encoding.check_names(group=group)
        found = await self._call("clear", encode_body({"group": group}))
        return cast("int", found["removed"])

    async def groups(self, *, after: str | None = None, limit: int = DEFAULT_PAGE) -> Page[str]:
        """See `StateStore.groups`."""
        return _page(await self._call("groups", encode_body({"after": after, "limit": limit})), str)

    async def increment(self, group: str, key: str, by: float = 1) -> float:
        """See `StateStore.increment`."""
        return cast("float", (await self._write("increment", group, key, by=by))["value"])

    async def compare_and_set(self, group: str, key: str, expected: object, value: object) -> bool:
        """See `StateStore.compare_and_set`."""
        found = await self._write("compare_and_set", group, key, expected=expected, value=value)
        return cast("bool", found["done"])

    async def close(self) -> None:
        """See `StateStore.close`. The HTTP client stays open."""

    async def _call(
        self, operation: str, body: bytes, *, repeatable: bool = True
    ) -> Mapping[str, object]:
        return await self._api.call(
            f"/state/{operation}",
            body,
            token=self._token,
            repeatable=repeatable,
            patience=self._patience,
        )

    async def _write(
        self,
        operation: str,
        group: str,
        key: str,
        plain: Mapping[str, object] | None = None,
        repeatable: bool = False,
        **values: object,
    ) -> Mapping[str, object]:
        """Call with values, whose bound the store behind the API knows."""
        texts = {
            name: encoding.encode(group, key, value, sys.maxsize) for name, value in values.items()
        }
        body = _body(group, key, plain, **texts)
        try:
            return await self._call(operation, body, repeatable=repeatable)
        except StoreError as error:
            if error.code != "body_too_large":
                raise
            raise StoreError(
                f"The value of `{key}` in the state group `{group}` takes {len(body):,} bytes to"
                f" send: {error.message}",
                code="value_too_large",
                retryable=False,
                hint="split it over several keys, or store the content elsewhere and its address here",
            ) from None


class RemoteJournal:
    """A `JournalSink` over HTTP, for all the runs that a worker serves.

    It makes one attempt; put it behind a `JournalBuffer`, which repeats and never makes a step wait.
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
        self.refused = 0
        """Counts the entries that the API did not accept, because of the token or the entry."""

    async def append(self, entries: Sequence[JournalEntry], /) -> None:
        """See `JournalSink.append`; large appends take several requests, each all or nothing."""
        for part in _parts(entries):
            answer = await self._api.call("/journal", self._batches(part))
            for refusal in cast("Sequence[Mapping[str, object]]", answer["refused"]):
                count = cast("int", refusal["entries"])
                self.refused += count
                _log.error("%d journal entries were refused: %s", count, refusal["message"])

    def _batches(self, entries: Iterable[_Line]) -> bytes:
        """The entries by run, each run's with its token: one request serves them all."""
        runs: dict[tuple[str, str], list[str]] = {}
        for line in entries:
            runs.setdefault(line.run, []).append(line.text)
        batches = [
            f'{{"token":{json.dumps(self._mint(*run))},"entries":[{",".join(lines)}]}}'
            for run, lines in runs.items()
        ]
        return encode_body({}, batches=f"[{','.join(batches)}]")


class _Line:
    """An entry as JSON text."""

    def __init__(self, entry: JournalEntry) -> None:
        if entry.flow is None or entry.run_id is None:
            raise StoreError(
                f"A journal entry of a worker belongs to a run; found `{entry.kind}` without one",
                code="entry_without_run",
                retryable=False,
                hint="this is a mistake in the worker: give `flow` and `run_id`",
            )
        self.run = (entry.flow, entry.run_id)
        members = {**vars(entry.bounded())}
        del members["seq"], members["project"]
        self.text = json.dumps(members, ensure_ascii=False)


def _parts(entries: Sequence[JournalEntry]) -> Iterator[list[_Line]]:
    """The entries in order, in parts that the API takes in one request."""
    part: list[_Line] = []
    size = 0
    for line in map(_Line, entries):
        if part and (size > _MAX_REQUEST_BYTES or len(part) == _MAX_REQUEST_ENTRIES):
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line.text.encode())
    if part:
        yield part


def _body(group: str, key: str, plain: Mapping[str, object] | None = None, **texts: str) -> bytes:
    encoding.check_names(group=group, key=key)
    return encode_body({"group": group, "key": key, **(plain or {})}, **texts)


def _entry(found: object) -> StateEntry:
    return StateEntry(**cast("dict[str, Any]", found))


def _page(found: Mapping[str, object], item: Callable[[object], T]) -> Page[T]:
    items = cast("Sequence[object]", found["items"])
    return Page(items=tuple(map(item, items)), next=cast("str | None", found["next"]))
