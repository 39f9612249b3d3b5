"""State in a folder of JSON files, one for each group: easy to read, to compare and to edit by hand.

Every write replaces the file of its group, so this suits small state. Several processes may share the
folder when the file system has POSIX locks (local ones do; network ones may not).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias, TypeVar, cast

from wistro.errors import StoreError
from wistro.stores import encoding
from wistro.stores.atomic import AtomicState, Change, Stored, page
from wistro.stores.state import Page, StateEntry
from wistro.stores.thread import StoreThread

T = TypeVar("T")

_FORMAT = 1
_LOCK_SECONDS = 5.0
_LOCK_PAUSE = 0.002


@dataclass(frozen=True, slots=True)
class _Group:
    name: str
    entries: dict[str, Stored]


_Lock: TypeAlias = int
"""The descriptor of the locked lock file, which also holds the last version given."""


class FileState(AtomicState):
    """A `StateStore` in a folder; open it with `FileState.open`."""

    def __init__(self, folder: Path, *, max_value_bytes: int = encoding.MAX_VALUE_BYTES) -> None:
        super().__init__(max_value_bytes=max_value_bytes)
        self._folder = folder
        self._thread = StoreThread("wistro-files", f"the store `{folder}`")

    @classmethod
    async def open(cls, folder: Path, *, max_value_bytes: int = encoding.MAX_VALUE_BYTES) -> Self:
        """Open or make the folder.

        Raises:
            StoreError: `store_unavailable`.
        """
        store = cls(folder, max_value_bytes=max_value_bytes)
        await store._run(lambda: folder.mkdir(mode=0o700, parents=True, exist_ok=True))
        return store

    async def _read(self, group: str, key: str) -> Stored | None:
        # Files are replaced in one piece, so readers need no lock.
        return await self._run(lambda: self._load(group).entries.get(key))

    async def _change(self, group: str, key: str, change: Change) -> Stored | None:
        def work(lock: _Lock) -> Stored | None:
            entries = self._load(group).entries
            text = change(entries.get(key))
            if text is None:
                return None
            entries[key] = stored = Stored(text, _next_version(lock), time.time())
            self._save(_Group(group, entries))
            return stored

        return await self._locked(work)

    async def _remove(self, group: str, key: str) -> bool:
        def work(_: _Lock) -> bool:
            entries = self._load(group).entries
            if entries.pop(key, None) is None:
                return False
            self._save(_Group(group, entries))
            return True

        return await self._locked(work)

    async def _remove_group(self, group: str) -> int:
        def work(_: _Lock) -> int:
            entries = self._load(group).entries
            self._save(_Group(group, {}))
            return len(entries)

        return await self._locked(work)

    async def _page(self, group: str, after: str, limit: int) -> Page[StateEntry]:
        def work() -> Page[StateEntry]:
            entries = self._load(group).entries
            rows = ((key, entries[key]) for key in sorted(entries) if key > after)
            return page(group, rows, limit)

        return await self._run(work)

    async def _group_names(self, after: str, limit: int) -> list[str]:
        def work() -> list[str]:
            found = [_parse(path).name for path in self._folder.glob("*.json")]
            return sorted(name for name in found if name > after)[:limit]

        return await self._run(work)

    async def close(self) -> None:
        """See `StateStore.close`."""
        await self._thread.close()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await self._thread.run(work)
        except OSError as error:
            raise _unavailable(
                self._folder, f"cannot be used: {error}", "check its disk, and its permissions"
            ) from error

    async def _locked(self, work: Callable[[_Lock], T]) -> T:
        def locked() -> T:
            with _lock(self._folder) as lock:
                return work(lock)

        return await self._run(locked)

    def _load(self, group: str) -> _Group:
        try:
            return _parse(self._path(group))
        except FileNotFoundError:
            return _Group(group, {})

    def _save(self, group: _Group) -> None:
        path = self._path(group.name)
        if group.entries:
            _replace(path, _text(group))
        else:
            path.unlink(missing_ok=True)
        # The name of a new or removed file is durable only once its folder is.
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _path(self, group: str) -> Path:
        # Some file systems take `A` for `a`, and none takes every name: the digest tells groups apart.
        readable = re.sub(r"[^a-z0-9]+", "-", group.lower())[:40].strip("-")
        digest = hashlib.sha256(group.encode()).hexdigest()[:16]
        return self._folder / f"{readable or 'group'}-{digest}.json"


@contextlib.contextmanager
def _lock(folder: Path) -> Generator[_Lock]:
    """Hold the folder's lock, which the system lets go of when its holder dies."""
    lock = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise _unavailable(
                        folder,
                        "is locked by another process",
                        "wait, or stop the process that holds it (`fuser` names it)",
                    ) from None
                time.sleep(_LOCK_PAUSE)
        yield lock
    finally:
        os.close(lock)


def _next_version(lock: _Lock) -> int:
    """Count on, durably before the version is used. Padded: a shorter text would leave old digits."""
    version = int(os.pread(lock, 32, 0) or 0) + 1
    os.pwrite(lock, f"{version:020}\n".encode(), 0)
    os.fsync(lock)
    return version


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _text(group: _Group) -> str:
    entries = {
        key: {
            "value": encoding.decode(stored.text),
            "version": stored.version,
            "updated_at": stored.updated_at,
        }
        for key, stored in sorted(group.entries.items())
    }
    content = {"format": _FORMAT, "group": group.name, "entries": entries}
    return json.dumps(content, ensure_ascii=False, indent=1)


def _parse(path: Path) -> _Group:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] > _FORMAT:
            raise StoreError(
                f"`{path}` has format {content['format']}; this program knows up to {_FORMAT}",
                code="store_too_new",
                retryable=False,
                hint="a later Wistro wrote it: upgrade this one, or use another folder",
            )
        return _Group(
            content["group"],
            {
                key: Stored(
                    json.dumps(entry["value"], ensure_ascii=False, separators=(",", ":")),
                    cast("int", entry["version"]),
                    cast("float", entry["updated_at"]),
                )
                for key, entry in content["entries"].items()
            },
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unavailable(
            path, f"is not a state file: {error!r}", "mend it, or move it away"
        ) from None


def _unavailable(path: Path, problem: str, hint: str) -> StoreError:
    return StoreError(
        f"The store `{path}` {problem}; nothing was changed",
        code="store_unavailable",
        hint=f"{hint}; the operation can be repeated",
    )
