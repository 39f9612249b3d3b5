"""External storage: payloads too large for Temporal, kept as files under their content's hash."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.api.sdk.v1.external_storage_pb2 import ExternalStorageReference
from temporalio.converter import (
    StorageDriver,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
)

from wistro_codec.errors import CodecError

Resolve = Callable[[Payload], Awaitable[Payload]]
"""Fetches the stored payload that a reference stands for."""

_CLAIM_FIELD = "sha256"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_REFERENCE_TYPE = ExternalStorageReference.DESCRIPTOR.full_name.encode()


class LocalStorageDriver(StorageDriver):
    """Keeps payloads as files in a folder that all processes of a project share.

    A payload is stored before the reference to it is sent, and never changes: a file appears whole
    and on disk, or not at all. Nothing is deleted: a file is needed for as long as Temporal keeps
    the history that refers to it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def name(self) -> str:
        """The name that references carry."""
        return "wistro.local"

    def type(self) -> str:
        """The same in every language."""
        return "wistro.local"

    async def store(
        self,
        context: StorageDriverStoreContext,  # noqa: ARG002 - the content alone names the file
        payloads: Sequence[Payload],
    ) -> list[StorageDriverClaim]:
        """Write payloads and return their hashes as claims."""
        return await asyncio.to_thread(lambda: [self._store(payload) for payload in payloads])

    async def retrieve(
        self,
        context: StorageDriverRetrieveContext,  # noqa: ARG002 - it is empty
        claims: Sequence[StorageDriverClaim],
    ) -> list[Payload]:
        """Read payloads back.

        Raises:
            CodecError: `storage_missing`, `storage_corrupt` or `storage_reference_invalid`.
        """
        return await asyncio.to_thread(lambda: [self._retrieve(claim) for claim in claims])

    def _store(self, payload: Payload) -> StorageDriverClaim:
        data = payload.SerializeToString()
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = path.with_name(f".{secrets.token_hex(8)}")
            try:
                descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
            _sync(path.parent)
            _sync(self._folder)
        return StorageDriverClaim({_CLAIM_FIELD: digest})

    def _retrieve(self, claim: StorageDriverClaim) -> Payload:
        digest = claim.claim_data.get(_CLAIM_FIELD, "")
        # The claim comes out of a history: it must not be able to name any other file.
        if not _DIGEST.fullmatch(digest):
            raise _bad_reference(f"a claim with a `{_CLAIM_FIELD}` of 64 hex digits was expected")
        try:
            data = self._path(digest).read_bytes()
        except FileNotFoundError:
            raise CodecError(
                f"The stored payload `{digest}` is not in `{self._folder}`.",
                code="storage_missing",
                hint="every process of a project must see the same storage folder",
                retryable=True,
            ) from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise _corrupt(f"The stored payload `{digest}` does not have that hash any more.")
        try:
            return Payload.FromString(data)
        except DecodeError:
            raise _corrupt(f"The stored file `{digest}` holds no Temporal payload.") from None

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]


def is_reference(payload: Payload) -> bool:
    """Whether a payload stands for one in external storage."""
    metadata = payload.metadata
    return (
        metadata.get("encoding", b"") == b"json/protobuf"
        and metadata.get("messageType", b"") == _REFERENCE_TYPE
    )


def resolver(drivers: Iterable[StorageDriver]) -> Resolve:
    """Make the function that fetches what references stand for, for the codec server.

    The function raises `CodecError`: `storage_reference_invalid`, or as the driver does.
    """
    by_name = {driver.name(): driver for driver in drivers}

    async def resolve(payload: Payload) -> Payload:
        reference = ExternalStorageReference()
        try:
            Parse(payload.data, reference)
        except ParseError:
            raise _bad_reference("the payload holds no storage reference") from None
        driver = by_name.get(reference.driver_name)
        if driver is None:
            raise _bad_reference(
                f"the driver `{reference.driver_name}` is not among {sorted(by_name)}"
            )
        claim = StorageDriverClaim(dict(reference.claim_data))
        stored = await driver.retrieve(StorageDriverRetrieveContext(), [claim])
        return stored[0]

    return resolve


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _bad_reference(problem: str) -> CodecError:
    return CodecError(
        f"The storage reference cannot be followed: {problem}.",
        code="storage_reference_invalid",
        hint="configure the storage driver that the payload was written with",
    )


def _corrupt(message: str) -> CodecError:
    return CodecError(
        message,
        code="storage_corrupt",
        hint="restore the file from a backup of the storage folder",
    )
