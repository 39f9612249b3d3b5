"""Stores by the name of their adapter, as `wistro.yml` gives it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import TypeAlias, cast

from wistro.errors import SetupError
from wistro.stores.audit import Audit
from wistro.stores.encoding import MAX_VALUE_BYTES
from wistro.stores.inbox import InboxStore
from wistro.stores.journal import Journal
from wistro.stores.rollups import Rollups
from wistro.stores.spans import MAX_SPANS, SpanStore
from wistro.stores.state import StateStore
from wistro.stores.stream import StreamStore

OpenState: TypeAlias = Callable[[str, int], Awaitable[StateStore]]
"""Opens a state store: given its address and the bound on a value's bytes."""


async def open_state(
    adapter: str, address: str | Path = "", *, max_value_bytes: int = MAX_VALUE_BYTES
) -> StateStore:
    """Open a state store.

    Args:
        adapter: `sqlite`, `file`, `memory`, or `package.module:function` for one of your own: an
            `OpenState`.
        address: A file for `sqlite`, a folder for `file`; your own adapter may take any text.
        max_value_bytes: The bound on one value, as UTF-8 JSON text.

    Raises:
        SetupError: when there is no such adapter.
        StoreError: when the store cannot be opened.
    """
    opener = _STATE.get(adapter) or _import(adapter)
    return await opener(str(address), max_value_bytes)


async def open_journal(adapter: str, address: str | Path = "") -> Journal:
    """Open a journal.

    Args:
        adapter: `sqlite` or `memory`.
        address: A file for `sqlite`, which may be the one that holds the state.

    Raises:
        SetupError: when there is no such adapter.
        StoreError: when the journal cannot be opened.
    """
    if adapter == "sqlite":
        from wistro.stores.sqlite_journal import SqliteJournal

        return await SqliteJournal.open(Path(address))
    if adapter == "memory":
        from wistro.stores.memory import MemoryJournal

        return MemoryJournal()
    raise _unknown(adapter, "journal", ["memory", "sqlite"])


async def open_audit(adapter: str, address: str | Path = "") -> Audit:
    """Open an audit.

    Args:
        adapter: `sqlite` or `memory`.
        address: A file for `sqlite`, which may be the one that holds the state.

    Raises:
        SetupError: when there is no such adapter.
        StoreError: when the audit cannot be opened.
    """
    if adapter == "sqlite":
        from wistro.stores.sqlite_audit import SqliteAudit

        return await SqliteAudit.open(Path(address))
    if adapter == "memory":
        from wistro.stores.memory_audit import MemoryAudit

        return MemoryAudit()
    raise _unknown(adapter, "audit", ["memory", "sqlite"])


async def open_inbox(adapter: str, address: str | Path = "") -> InboxStore:
    """Open an inbox.

    Args:
        adapter: `sqlite` or `memory`.
        address: A file for `sqlite`, which may be the one that holds the state.

    Raises:
        SetupError: when there is no such adapter.
        StoreError: when the inbox cannot be opened.
    """
    if adapter == "sqlite":
        from wistro.stores.sqlite_inbox import SqliteInbox

        return await SqliteInbox.open(Path(address))
    if adapter == "memory":
        from wistro.stores.memory_inbox import MemoryInbox

        return MemoryInbox()
    raise _unknown(adapter, "inbox", ["memory", "sqlite"])


async def open_rollups(adapter: str, address: str | Path = "") -> Rollups:
    """Open the rollups.

    Args:
        adapter: `sqlite` or `memory`.
        address: A file for `sqlite`, which may be the one that holds the journal.

    Raises:
        SetupError: when there is no such adapter.
        StoreError: when the rollups cannot be opened.
    """
    if adapter == "sqlite":
        from wistro.stores.sqlite_rollups import SqliteRollups

        return await SqliteRollups.open(Path(address))
    if adapter == "memory":
        from wistro.stores.memory_rollups import MemoryRollups

        return MemoryRollups()
    raise _unknown(adapter, "rollups", ["memory", "sqlite"])


async def open_spans(adapter: str, address: str | Path = "", *, keep: int = MAX_SPANS) -> SpanStore:
    """Open a store of spans.

    Args:
        adapter: `sqlite` or `memory`.
        address: A file for `sqlite`.
        keep: About how many spans stay in it.

    Raises:
        SetupError: when there is no such adapter.
        StoreError: when the store cannot be opened.
    """
    if adapter == "sqlite":
        from wistro.stores.sqlite_spans import SqliteSpans

        return await SqliteSpans.open(Path(address), keep=keep)
    if adapter == "memory":
        from wistro.stores.memory_spans import MemorySpans

        return MemorySpans(keep=keep)
    raise _unknown(adapter, "spans", ["memory", "sqlite"])


async def open_streams(
    adapter: str, address: str | Path = "", *, max_item_bytes: int = MAX_VALUE_BYTES
) -> StreamStore:
    """Open the store of streams.

    Args:
        adapter: `sqlite` or `memory`.
        address: A file for `sqlite`, which may be the one that holds the state.
        max_item_bytes: The bound on one item, as UTF-8 JSON text.

    Raises:
        SetupError: when there is no such adapter.
        StoreError: when the store cannot be opened.
    """
    if adapter == "sqlite":
        from wistro.stores.sqlite_stream import SqliteStreams

        return await SqliteStreams.open(Path(address), max_item_bytes=max_item_bytes)
    if adapter == "memory":
        from wistro.stores.memory_stream import MemoryStreams

        return MemoryStreams(max_item_bytes=max_item_bytes)
    raise _unknown(adapter, "streams", ["memory", "sqlite"])


async def _sqlite(address: str, max_value_bytes: int) -> StateStore:
    from wistro.stores.sqlite import SqliteState

    return await SqliteState.open(Path(address), max_value_bytes=max_value_bytes)


async def _file(address: str, max_value_bytes: int) -> StateStore:
    try:
        from wistro.stores.file import FileState
    except ImportError:
        raise SetupError(
            "The state adapter `file` needs POSIX file locks, which this system does not have",
            code="adapter_unavailable",
            hint="use the adapter `sqlite`",
        ) from None
    return await FileState.open(Path(address), max_value_bytes=max_value_bytes)


async def _memory(address: str, max_value_bytes: int) -> StateStore:
    from wistro.stores.memory import MemoryState

    _ = address
    return MemoryState(max_value_bytes=max_value_bytes)


_STATE: dict[str, OpenState] = {"file": _file, "memory": _memory, "sqlite": _sqlite}


def _import(adapter: str) -> OpenState:
    module, colon, name = adapter.partition(":")
    if not colon:
        raise _unknown(adapter, "state", [*sorted(_STATE), "package.module:function"])
    try:
        return cast("OpenState", getattr(import_module(module), name))
    except (ImportError, AttributeError) as error:
        raise SetupError(
            f"The state adapter `{adapter}` cannot be imported: {error}",
            code="unknown_adapter",
            hint="name an importable function as `package.module:function`",
        ) from error


def _unknown(adapter: str, what: str, known: list[str]) -> SetupError:
    return SetupError(
        f"There is no {what} adapter `{adapter}`; expected one of"
        f" {', '.join(f'`{name}`' for name in known)}",
        code="unknown_adapter",
        hint=f"set `{what}: {{ adapter: sqlite }}` in `wistro.yml`",
    )
