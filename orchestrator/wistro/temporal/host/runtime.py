"""What every process of a project has in common: lock, keys, codec, stores, addresses."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from temporalio.client import Client
from temporalio.converter import DataConverter, ExternalStorage

from wistro.project import Project
from wistro.project.lock import Lock
from wistro.project.trace_settings import TraceSettings
from wistro.stores.audit import Audit
from wistro.stores.inbox import InboxStore
from wistro.stores.journal import Journal
from wistro.stores.registry import (
    open_audit,
    open_inbox,
    open_journal,
    open_rollups,
    open_spans,
    open_state,
    open_streams,
)
from wistro.stores.rollups import Rollups
from wistro.stores.spans import SpanStore
from wistro.stores.sqlite_waits import SqliteWaits
from wistro.stores.state import StateStore
from wistro.stores.stream import StreamStore
from wistro.stores.waits import WaitStore
from wistro.temporal.host.connect import connect
from wistro.temporal.host.engine import Engine
from wistro.temporal.host.serverbinary import ServerAddress
from wistro_codec import Keys, LocalStorageDriver, WistroCodec, data_converter, load_keys

TOKEN_VARIABLE = "WISTRO_TOKEN"  # noqa: S105 - the name of the variable
BLOBS_VARIABLE = "WISTRO_BLOBS"
"""Where processes that share no project folder find the blobs."""


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """A project and where its parts are."""

    project: Project
    lock: Lock
    keys: Keys
    server: ServerAddress
    token: str
    """Opens the management API."""

    @classmethod
    def open(cls, project: Project, lock: Lock, server: ServerAddress) -> Runtime:
        """Finds or makes the project's keys and token.

        Raises:
            CodecError: when the keys cannot be read.
            SetupError: when the token cannot.
        """
        keys = load_keys(project.root / lock.runtime.encryption.key_file)
        return cls(
            project=project, lock=lock, keys=keys, server=server, token=load_token(project.root)
        )

    @property
    def folder(self) -> Path:
        """`.wistro`: what the project keeps on this machine."""
        return runtime_folder(self.project.root)

    @cached_property
    def codec(self) -> WistroCodec:
        """Encrypts and decrypts everything that goes to Temporal."""
        return WistroCodec(self.keys)

    @cached_property
    def storage(self) -> LocalStorageDriver:
        """Where payloads too large for Temporal are, encrypted; all processes must share it."""
        configured = self.project.root / self.lock.runtime.storage.path
        return LocalStorageDriver(Path(os.environ.get(BLOBS_VARIABLE) or configured))

    @cached_property
    def data_converter(self) -> DataConverter:
        """What clients and workers connect with."""
        external = ExternalStorage(
            drivers=[self.storage], payload_size_threshold=self.lock.runtime.storage.threshold
        )
        return data_converter(self.codec, external)

    async def connect(self, *, lazy: bool = False) -> Client:
        """A client of the project's Temporal server.

        Raises:
            EngineUnavailable: when it cannot be reached.
        """
        return await connect(self.server, self.data_converter, lazy=lazy)

    async def engine(self, *, lazy: bool = False) -> Engine:
        """An engine with a client of its own."""
        return Engine(await self.connect(lazy=lazy), self.lock, self.keys)

    async def open_state(self) -> StateStore:
        """The project's state store.

        Raises:
            SetupError, StoreError: as `wistro.stores.registry.open_state`.
        """
        settings = self.lock.runtime.state
        place = "state" if settings.adapter == "file" else "wistro.db"
        address = settings.address or self.folder / place
        return await open_state(settings.adapter, address, max_value_bytes=settings.max_value)

    async def open_streams(self) -> StreamStore:
        """The store of the project's streams: in the file of the state, where the state is in one.

        Raises:
            StoreError: when it cannot be opened.
        """
        settings = self.lock.runtime.state
        adapter = "memory" if settings.adapter == "memory" else "sqlite"
        own = settings.address if settings.adapter == "sqlite" else None
        address = own or self.folder / "wistro.db"
        return await open_streams(adapter, address, max_item_bytes=settings.max_value)

    async def open_inbox(self) -> InboxStore:
        """The project's inbox."""
        return await open_inbox("sqlite", self.folder / "wistro.db")

    async def open_waits(self) -> WaitStore:
        """Where the project's runs and messages from outside find each other."""
        return await SqliteWaits.open(self.folder / "wistro.db")

    async def open_journal(self) -> Journal:
        """The project's journal."""
        return await open_journal("sqlite", self.folder / "wistro.db")

    async def open_rollups(self) -> Rollups:
        """What the project's journal comes to."""
        return await open_rollups("sqlite", self.folder / "wistro.db")

    async def open_spans(self) -> SpanStore:
        """What the project's processes traced: in a file of its own, which is written to all the time."""
        settings = self.lock.runtime.traces or TraceSettings()
        return await open_spans("sqlite", self.folder / "traces.db", keep=settings.max_spans)

    async def open_audit(self) -> Audit:
        """Where the project notes who was refused what."""
        return await open_audit("sqlite", self.folder / "wistro.db")


def runtime_folder(root: Path) -> Path:
    """Where a project keeps what belongs to this machine only."""
    return root / ".wistro"


def load_token(root: Path) -> str:
    """The management token: from `WISTRO_TOKEN`, or the file `.wistro/token`, made on first use."""
    if given := os.environ.get(TOKEN_VARIABLE):
        return given
    path = runtime_folder(root) / "token"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"token.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(32) + "\n")
    try:
        # Unlike a rename, a link never replaces the token that another process made meanwhile.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()
