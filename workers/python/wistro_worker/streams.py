"""The streams of a project: loading their files, and what handlers get of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import ModuleType

from wistro.contract import Invocation
from wistro.errors import SetupError
from wistro.project.lock import Lock
from wistro.stores.stream import Place, StreamItems
from wistro.stream_config import StreamConfig, parse_stream
from wistro.streams import Mint, Streams, item_schemas
from wistro_codec import Keys, mint_stream_token
from wistro_worker.loader import load_file


@dataclass(frozen=True, kw_only=True)
class LoadedStream:
    """A stream file that was loaded."""

    config: StreamConfig
    module: ModuleType
    path: Path


def load_stream(path: Path, *, root: Path) -> LoadedStream:
    """Load the stream file at `path` of the project at `root`; a loaded file is not loaded again.

    Raises:
        SetupError: the file does not load, or its config is wrong; it names the file and the line.
    """
    return load_file(path, root, _stream)


def streams_of(
    lock: Lock, items: Callable[[Invocation], StreamItems] | None, keys: Keys | None
) -> Callable[[Invocation], Streams]:
    """What makes the streams that the handler of an invocation sees."""
    schemas = item_schemas(lock)

    def streams(invocation: Invocation) -> Streams:
        if items is None or not schemas:
            return Streams()
        mint = None if keys is None else _minting(keys, invocation.flow)
        return Streams(items(invocation), schemas, mint)

    return streams


def _stream(module: ModuleType, path: Path, root: Path) -> LoadedStream:
    file = path.relative_to(root).as_posix()
    if not hasattr(module, "config"):
        raise SetupError(
            f"`{file}` has no `config`, expected a stream config",
            code="no_config",
            hint="write `config = StreamConfig(name=…, schema=…)`",
            file=file,
        )
    return LoadedStream(config=parse_stream(module.config, file=file), module=module, path=path)


def _minting(keys: Keys, flow: str) -> Mint:
    def mint(where: Place | str, expires: timedelta, context: object) -> str:
        stream, group, id = (where, None, None) if isinstance(where, str) else where
        return mint_stream_token(
            keys,
            stream=stream,
            group=group,
            id=id,
            context=context,
            expires_at=time.time() + expires.total_seconds(),
            flow=flow,
        )

    return mint
