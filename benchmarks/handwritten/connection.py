"""A client with the project's keys and codec: both sides encrypt and store the same way."""

from __future__ import annotations

from pathlib import Path

from temporalio.client import Client, GrpcCompression
from temporalio.converter import ExternalStorage

from wistro_codec import LocalStorageDriver, WistroCodec, data_converter, load_keys

TASK_QUEUE = "handwritten"


async def connect(address: str, keys: Path) -> Client:
    """A client of the server at `address`."""
    # Large payloads leave Temporal here too.
    storage = ExternalStorage(drivers=[LocalStorageDriver(keys.with_name("blobs"))])
    return await Client.connect(
        address,
        data_converter=data_converter(WistroCodec(load_keys(keys)), storage),
        grpc_compression=GrpcCompression.NONE,
    )
