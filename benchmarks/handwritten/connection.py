"""A client with the project's keys and codec: both sides encrypt and store the same way."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client, GrpcCompression
from temporalio.converter import ExternalStorage

from wistro_codec import LocalStorageDriver, WistroCodec, data_converter, load_keys

TASK_QUEUE = "handwritten"


@dataclass(frozen=True)
class Connection:
    """Where the server and the keys are."""

    address: str
    keys: Path

    async def open(self) -> Client:
        return await Client.connect(
            self.address,
            data_converter=data_converter(
                WistroCodec(load_keys(self.keys)),
                # Large payloads leave Temporal here too.
                ExternalStorage(drivers=[LocalStorageDriver(self.keys.with_name("blobs"))]),
            ),
            grpc_compression=GrpcCompression.NONE,
        )

    @classmethod
    def read(cls, parser: argparse.ArgumentParser) -> tuple[Connection, argparse.Namespace]:
        """The connection and the other options that the command line asks for."""
        parser.add_argument("--address", required=True)
        parser.add_argument("--keys", type=Path, required=True)
        options = parser.parse_args()
        return cls(options.address, options.keys), options
