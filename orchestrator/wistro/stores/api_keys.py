"""API keys that were made for callers: a file with what proves them, never with the keys themselves.

A key's text is `wk_<id>_<secret>`; the secret has 256 random bits, so that a plain SHA-256 of the
text is as safe as a slow hash would be. Locks and permissions are those of POSIX.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wistro.errors import SetupError, StoreError
from wistro.issues import did_you_mean

FILE = "access.json"
PREFIX = "wk_"

log = structlog.stdlib.get_logger("wistro.access")


class ApiKey(BaseModel):
    """A key, as the file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    id: str
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """SHA-256 of the key's text."""
    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    created_at: datetime
    expires_at: datetime | None = None

    def expired(self, now: datetime) -> bool:
        """Whether it is good for nothing any more."""
        return self.expires_at is not None and now >= self.expires_at


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    keys: tuple[ApiKey, ...] = ()


class ApiKeyFile:
    """The file, followed while it changes: a server that runs learns of each new and revoked key."""

    def __init__(self, path: Path) -> None:
        """Follow the file at `path`, which need not be there."""
        self.path = path
        self._stamp: tuple[int, int, int] | None = None
        self._by_id: Mapping[str, ApiKey] = {}

    def find(self, text: str) -> ApiKey | None:
        """The key with this text, which may have expired; `None` when there is none.

        A file that cannot be read opens nothing: the reason is logged, once.
        """
        self._refresh()
        id, _, secret = text.removeprefix(PREFIX).partition("_")
        key = self._by_id.get(id) if text.startswith(PREFIX) and secret else None
        return key if key is not None and hmac.compare_digest(key.digest, digest(text)) else None

    def proved(self, proof: str) -> ApiKey | None:
        """The key with this digest, for those who have shown the text before."""
        self._refresh()
        return next((key for key in self._by_id.values() if key.digest == proof), None)

    def list(self) -> Sequence[ApiKey]:
        """The keys, by name.

        Raises:
            StoreError: the file cannot be read, or others than its owner can read it.
        """
        return _read(self.path).keys

    def create(
        self,
        name: str,
        *,
        scopes: Sequence[str],
        roles: Sequence[str] = (),
        expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key. Returns its text too, which nobody can find out later.

        Raises:
            SetupError: there is a key of this name.
            StoreError: the file cannot be read or written.
        """
        id = secrets.token_hex(5)
        text = f"{PREFIX}{id}_{secrets.token_urlsafe(32)}"
        key = ApiKey(
            name=name,
            id=id,
            digest=digest(text),
            scopes=tuple(scopes),
            roles=tuple(roles),
            created_at=datetime.now(UTC),
            expires_at=expires_at,
        )
        with self._locked() as keys:
            if any(other.name == name for other in keys):
                raise SetupError(
                    f"there is a key `{name}` already",
                    code="key_exists",
                    hint=f"choose another name, or take the key back: `wistro access revoke {name}`",
                )
            self._write([*keys, key])
        return key, text

    def revoke(self, name: str) -> ApiKey:
        """Take a key back: from now on it opens nothing.

        Raises:
            SetupError: there is no key of this name.
            StoreError: the file cannot be read or written.
        """
        with self._locked() as keys:
            found = next((key for key in keys if key.name == name), None)
            if found is None:
                names = [key.name for key in keys]
                raise SetupError(
                    f"there is no key `{name}`",
                    code="key_not_found",
                    hint=did_you_mean(name, names) if names else "`wistro access create` makes one",
                )
            self._write([key for key in keys if key is not found])
        return found

    def _refresh(self) -> None:
        try:
            status = os.stat(self.path)  # noqa: PTH116 - for each request, and half the time of Path
            # The time of the last change, not of the last write: a mode that is put right counts too.
            stamp = (status.st_ino, status.st_ctime_ns, status.st_size)
        except FileNotFoundError:
            self._stamp, self._by_id = None, {}
            return
        except OSError as error:
            stamp = (0, 0, error.errno or 0)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._by_id = {key.id: key for key in _read(self.path).keys}
        except StoreError as error:
            # A key that was revoked in an edit gone wrong must not stay good.
            self._by_id = {}
            log.warning("no API key is accepted", error=error.message, hint=error.hint)

    @contextmanager
    def _locked(self) -> Generator[Sequence[ApiKey]]:
        # Two commands at once must not lose a key, nor bring a revoked one back.
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield _read(self.path).keys
        finally:
            os.close(folder)

    def _write(self, keys: Sequence[ApiKey]) -> None:
        document = _Document(keys=tuple(sorted(keys, key=lambda key: key.name)))
        draft = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(document.model_dump_json(indent=2, exclude_none=True) + "\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise _unusable(self.path, f"cannot be written ({error.strerror})") from None


def digest(text: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> _Document:
    try:
        file = path.open(encoding="utf-8")
    except FileNotFoundError:
        return _Document()
    except OSError as error:
        raise _unusable(path, f"cannot be read ({error.strerror})") from None
    with file:
        # The open file is asked, not its path, so that nothing can be swapped in between.
        status = os.fstat(file.fileno())
        if status.st_mode & 0o077:
            raise _unusable(
                path, f"has the mode {status.st_mode & 0o777:04o}", f"run `chmod 600 {path}`"
            )
        try:
            return _Document.model_validate_json(file.read())
        except (UnicodeDecodeError, ValidationError) as error:
            raise _unusable(path, f"is no file of API keys ({_first(error)})") from None


def _first(error: UnicodeDecodeError | ValidationError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "UTF-8 was expected"
    found = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}".removeprefix(": ")


def _unusable(path: Path, problem: str, hint: str | None = None) -> StoreError:
    return StoreError(
        f"the file of API keys `{path}` {problem}; only its owner may be able to read it",
        code="api_keys_unusable",
        hint=hint or "correct it, or move it away and make the keys again",
    )
