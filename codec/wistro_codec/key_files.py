"""Key files: where keys are kept, who may read them, and how they rotate under running processes.

Locks and permissions are those of POSIX.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from wistro_codec.errors import CodecError
from wistro_codec.key_format import dump_keys, invalid_key_file, parse_keys
from wistro_codec.keys import DEFAULT_TENANT, FlowKey, FlowKeys, KeyRing, Keys, Master

INLINE_VARIABLE = "WISTRO_KEYS"
PATH_VARIABLE = "WISTRO_KEYS_FILE"

_REFRESH_SECONDS = 1.0
_logger = logging.getLogger(__name__)


def load_keys(default_path: Path, environ: Mapping[str, str] | None = None) -> Keys:
    """Find the keys of this process.

    In this order: `WISTRO_KEYS` (the text of a key file, for containers that get secrets as
    variables), `WISTRO_KEYS_FILE` (a file that must be there), `default_path` (made on first use).

    Raises:
        CodecError: `key_file_missing`, `key_file_permissions` or `key_file_invalid`.
    """
    settings = os.environ if environ is None else environ
    if inline := settings.get(INLINE_VARIABLE):
        return parse_keys(inline, source=f"the variable {INLINE_VARIABLE}")
    if named := settings.get(PATH_VARIABLE):
        return KeyFile(Path(named).expanduser())
    return KeyFile.open_or_create(default_path)


class KeyFile:
    """Keys kept in a file, followed while it changes: it is the `Keys` of a running process.

    A rotation reaches the processes that share the file within a second, and at once those that
    meet a payload under a key they have not seen.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp, self._keys = _read(path)
        self._checked = time.monotonic()

    @classmethod
    def open_or_create(cls, path: Path) -> KeyFile:
        """Open a key file, or make one with a new master; of several that race, one wins."""
        if not path.exists():
            ring = KeyRing.generate(datetime.now(UTC))
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = _write_draft(path, dump_keys(ring))
            try:
                # Unlike a rename, a link refuses to replace the file of a process that was faster.
                path.hardlink_to(draft)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
            _sync_folder(path.parent)
        return cls(path)

    @property
    def keys(self) -> KeyRing | FlowKeys:
        """What the file held when it was last read."""
        return self._keys

    @property
    def ring(self) -> KeyRing:
        """The masters in the file.

        Raises:
            CodecError: `key_file_invalid` when the file is an export, which holds no masters.
        """
        if isinstance(self._keys, KeyRing):
            return self._keys
        raise CodecError(
            f"`{self.path}` holds the exported keys of some flows; masters were expected.",
            code="key_file_invalid",
            hint="use the project's own key file for `wistro keys rotate` and `export`",
        )

    def active(self, flow: str, tenant: str = DEFAULT_TENANT) -> FlowKey:
        """See `Keys.active`."""
        now = time.monotonic()
        if now - self._checked > _REFRESH_SECONDS:
            self._checked = now
            self._refresh()
        return self._keys.active(flow, tenant)

    def get(self, key_id: str) -> FlowKey:
        """See `Keys.get`."""
        try:
            return self._keys.get(key_id)
        except CodecError as error:
            if error.code != "key_unknown" or not self._refresh():
                raise
        return self._keys.get(key_id)

    def history(self, flow: str, tenant: str = DEFAULT_TENANT) -> Sequence[FlowKey]:
        """See `Keys.history`."""
        return self._keys.history(flow, tenant)

    def rotate(self, *, activate: bool = True) -> Master:
        """Add a new master to the file and return it; see `KeyRing.rotate`."""
        with self._locked() as ring:
            self._save(ring.rotate(datetime.now(UTC), activate=activate))
        return self.ring.masters[-1]

    def activate(self, master_id: str) -> None:
        """Encrypt with another master of the file from now on."""
        with self._locked() as ring:
            self._save(ring.activate(master_id))

    @contextmanager
    def _locked(self) -> Generator[KeyRing]:
        # Two rotations at once must not lose a master: what it encrypted could never be read again.
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            self._stamp, self._keys = _read(self.path)
            yield self.ring
        finally:
            os.close(folder)

    def _save(self, ring: KeyRing) -> None:
        write_keys(self.path, ring)
        self._stamp, self._keys = _read(self.path)

    def _refresh(self) -> bool:
        try:
            if _stamp_of(os.stat(self.path)) == self._stamp:  # noqa: PTH116 - half the time of Path
                return False
            self._stamp, self._keys = _read(self.path)
        except (CodecError, OSError) as error:
            # The keys in hand are still good; the process must not fall over a bad edit.
            _logger.warning("the key file `%s` cannot be read again: %s", self.path, error)
            return False
        return True


def write_keys(path: Path, keys: KeyRing | FlowKeys) -> None:
    """Write a key file that only its owner can read, replacing an older one atomically."""
    draft = _write_draft(path, dump_keys(keys))
    draft.replace(path)
    _sync_folder(path.parent)


_Stamp = tuple[int, int, int]


def _stamp_of(status: os.stat_result) -> _Stamp:
    return status.st_ino, status.st_mtime_ns, status.st_size


def _read(path: Path) -> tuple[_Stamp, KeyRing | FlowKeys]:
    try:
        file = path.open(encoding="utf-8")
    except FileNotFoundError:
        raise CodecError(
            f"The key file `{path}` is not there.",
            code="key_file_missing",
            hint=f"mount it, correct {PATH_VARIABLE}, or unset that to have a new key made",
            retryable=True,
        ) from None
    except OSError as error:
        raise _bad_permissions(path, f"cannot be read ({error.strerror})") from None
    with file:
        # The open file is asked, not its path, so that nothing can be swapped in between.
        status = os.fstat(file.fileno())
        if status.st_mode & 0o077:
            raise _bad_permissions(path, f"has the mode {status.st_mode & 0o777:04o}")
        try:
            text = file.read()
        except UnicodeDecodeError:
            raise invalid_key_file(f"`{path}`", "UTF-8 was expected") from None
    return _stamp_of(status), parse_keys(text, source=f"`{path}`")


def _write_draft(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _bad_permissions(path: Path, problem: str) -> CodecError:
    return CodecError(
        f"The key file `{path}` {problem}; only its owner may be able to read it.",
        code="key_file_permissions",
        hint=f"run `chmod 600 {path}`, or pass its text in {INLINE_VARIABLE}",
    )
