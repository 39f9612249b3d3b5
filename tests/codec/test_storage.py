"""What is too large for Temporal is stored as ciphertext, whole, and comes back checked."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ExternalStorage,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
)

from wistro_codec import CodecError, KeyRing, LocalStorageDriver, WistroCodec, data_converter
from wistro_codec.storage import is_reference, resolver

RING = KeyRing.generate(datetime(2025, 6, 1, tzinfo=UTC))
SECRET = "4111 1111 1111 1111 "


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def retrieve(driver: LocalStorageDriver, **claim: str) -> Payload:
    [payload] = await driver.retrieve(StorageDriverRetrieveContext(), [StorageDriverClaim(claim)])
    return payload


async def test_stored_bytes_are_ciphertext(tmp_path: Path) -> None:
    storage = ExternalStorage([LocalStorageDriver(tmp_path)], payload_size_threshold=1000)
    # Without compression, or repetition would make the payload small enough to stay inline.
    converter = data_converter(WistroCodec(RING, compress_from=None), storage)
    values = ["short", {"card": SECRET * 200}]

    short, large = await converter.encode(values)

    assert not is_reference(short)
    assert is_reference(large)
    assert len(large.data) < 500
    [stored] = files(tmp_path)
    assert stored.stat().st_mode & 0o777 == 0o600
    assert b"4111" not in stored.read_bytes()
    assert await converter.decode([short, large]) == values

    [fetched] = await WistroCodec(RING).decode(
        [await resolver([LocalStorageDriver(tmp_path)])(large)]
    )
    assert SECRET.encode() in fetched.data


async def test_equal_payloads_share_a_file(tmp_path: Path) -> None:
    driver = LocalStorageDriver(tmp_path)
    payloads = [Payload(data=b"x"), Payload(data=b"y"), Payload(data=b"x")]
    claims = await driver.store(StorageDriverStoreContext(), payloads)
    assert len(files(tmp_path)) == 2
    assert await driver.retrieve(StorageDriverRetrieveContext(), claims) == payloads


async def test_a_missing_file_may_come_back(tmp_path: Path) -> None:
    with pytest.raises(CodecError) as refused:
        await retrieve(LocalStorageDriver(tmp_path), sha256="0" * 64)
    assert refused.value.code == "storage_missing"
    assert refused.value.retryable


async def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    driver = LocalStorageDriver(tmp_path)
    [claim] = await driver.store(StorageDriverStoreContext(), [Payload(data=b"x")])
    files(tmp_path)[0].write_bytes(b"y")
    with pytest.raises(CodecError) as refused:
        await retrieve(driver, **claim.claim_data)
    assert refused.value.code == "storage_corrupt"


async def test_a_file_that_is_no_payload_is_refused(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"\x0a").hexdigest()
    path = tmp_path / digest[:2] / digest[2:]
    path.parent.mkdir()
    path.write_bytes(b"\x0a")
    with pytest.raises(CodecError) as refused:
        await retrieve(LocalStorageDriver(tmp_path), sha256=digest)
    assert refused.value.code == "storage_corrupt"


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63 + "/"])
async def test_a_claim_names_no_other_file(tmp_path: Path, digest: str) -> None:
    with pytest.raises(CodecError) as refused:
        await retrieve(LocalStorageDriver(tmp_path), sha256=digest)
    assert refused.value.code == "storage_reference_invalid"


async def test_a_failed_write_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        await LocalStorageDriver(tmp_path).store(StorageDriverStoreContext(), [Payload(data=b"x")])
    assert not files(tmp_path)


async def test_references_that_cannot_be_followed(tmp_path: Path) -> None:
    resolve = resolver([LocalStorageDriver(tmp_path)])
    metadata = {
        "encoding": b"json/protobuf",
        "messageType": b"temporal.api.sdk.v1.ExternalStorageReference",
    }
    for data in (b"{", b'{"driverName": "elsewhere"}'):
        reference = Payload(metadata=metadata, data=data)
        assert is_reference(reference)
        with pytest.raises(CodecError) as refused:
            await resolve(reference)
        assert refused.value.code == "storage_reference_invalid"
