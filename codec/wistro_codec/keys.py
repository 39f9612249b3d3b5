"""Keys: masters, and the flow keys derived from them.

A flow key is HKDF-SHA256 (RFC 5869) of a 32-byte master, bound to one tenant and one flow, so that
whoever holds the key of one flow learns nothing about another. `SPEC.md` sections 2 and 3.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, Self, TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wistro_codec.errors import CodecError

DEFAULT_TENANT = "default"
PROJECT_FLOW = "_project"
"""The reserved flow of payloads that belong to no run."""

KEY_SIZE = 32
MASTER_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_NOT_IN_NAMES = re.compile(r"[/\x00-\x1f\x7f]")
_MAX_NAME_BYTES = 255
# Key ids arrive from outside, so the caches of derived keys must not grow with what strangers send.
_MAX_CACHED_KEYS = 4096

_K = TypeVar("_K")


@dataclass(frozen=True, slots=True)
class KeyId:
    """Names a flow key: `<master>/<tenant>/<flow>`."""

    master: str
    tenant: str
    flow: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a key id, refusing every text that `str` of a key id cannot give.

        Raises:
            CodecError: `key_id_invalid`.
        """
        parts = text.split("/")
        if len(parts) != 3:
            raise _invalid_key_id(text)
        master, tenant, flow = parts
        key_id = cls(master, tenant, flow)
        key_id.check()
        return key_id

    def check(self) -> None:
        """Refuse names that would make the id, or the derivation, ambiguous.

        Raises:
            CodecError: `key_id_invalid`.
        """
        names_fit = _is_name(self.tenant) and _is_name(self.flow)
        if not (names_fit and MASTER_ID.fullmatch(self.master)):
            raise _invalid_key_id(str(self))

    def __str__(self) -> str:
        return f"{self.master}/{self.tenant}/{self.flow}"


@dataclass(frozen=True, slots=True)
class Master:
    """A secret from which the keys of all flows are derived."""

    id: str
    created: datetime
    secret: bytes = field(repr=False)

    @classmethod
    def generate(cls, created: datetime) -> Self:
        """Make a new random master."""
        return cls(secrets.token_hex(4), created, secrets.token_bytes(KEY_SIZE))

    def derive(self, flow: str, tenant: str = DEFAULT_TENANT) -> FlowKey:
        """Derive the key of one flow of one tenant.

        Raises:
            CodecError: `key_id_invalid` for a flow or tenant that cannot be in a key id.
        """
        key_id = KeyId(self.id, tenant, flow)
        key_id.check()
        secret = _hkdf(self.secret, f"wistro/flow-key/v1/{tenant}/{flow}")
        return FlowKey(key_id, self.created, secret)


class FlowKey:
    """The key of one flow under one master.

    Attributes:
        id: Names the key in everything it protects.
        label: The id as the bytes that are stored and authenticated.
        created: When its master was made.
        secret: The 32 bytes that are exported; only subkeys of it are ever used.
        cipher: AES-256-GCM under the payload subkey.
    """

    __slots__ = ("cipher", "created", "id", "label", "secret")

    def __init__(self, key_id: KeyId, created: datetime, secret: bytes) -> None:
        self.id = key_id
        self.label = str(key_id).encode()
        self.created = created
        self.secret = secret
        self.cipher = AESGCM(self.subkey("wistro/payload/v1"))

    def subkey(self, purpose: str) -> bytes:
        """Derive the 32 bytes for one purpose, so that no two uses share a key."""
        return _hkdf(self.secret, purpose)

    def __repr__(self) -> str:
        return f"FlowKey({str(self.id)!r})"


class Keys(Protocol):
    """Where the codec finds keys: a key ring, the exported keys of some flows, or a file of them."""

    def active(self, flow: str, tenant: str = DEFAULT_TENANT) -> FlowKey:
        """The key that new payloads of a flow are encrypted with.

        Raises:
            CodecError: `key_unknown` when this holder has no key of the flow.
        """
        ...

    def get(self, key_id: str) -> FlowKey:
        """The key named by a payload or token.

        Raises:
            CodecError: `key_unknown`, or `key_id_invalid` when the text is no key id.
        """
        ...

    def history(self, flow: str, tenant: str = DEFAULT_TENANT) -> Sequence[FlowKey]:
        """Every key of a flow, the oldest first."""
        ...


class KeyRing:
    """The masters of a project, one of them active; derives the key of any flow when first asked.

    A ring is a value: `rotate` and `activate` return a new one.
    """

    def __init__(self, masters: Iterable[Master], active: str) -> None:
        self._masters = {master.id: master for master in masters}
        if active not in self._masters:
            raise CodecError(
                f"The active master `{active}` is not among the masters {sorted(self._masters)}.",
                code="key_file_invalid",
                hint="name one of them in `active`",
            )
        self._active = self._masters[active]
        self._by_flow: dict[tuple[str, str], FlowKey] = {}
        self._by_id: dict[str, FlowKey] = {}

    @classmethod
    def generate(cls, created: datetime) -> Self:
        """Make a ring with one new master."""
        master = Master.generate(created)
        return cls([master], master.id)

    @property
    def masters(self) -> tuple[Master, ...]:
        """The masters in the order they were added, the oldest first."""
        return tuple(self._masters.values())

    @property
    def active_master(self) -> Master:
        """The master whose keys encrypt new payloads."""
        return self._active

    def active(self, flow: str, tenant: str = DEFAULT_TENANT) -> FlowKey:
        """See `Keys.active`."""
        key = self._by_flow.get((tenant, flow))
        if key is None:
            key = self._derive(self._active, flow, tenant)
            _remember(self._by_flow, (tenant, flow), key)
        return key

    def get(self, key_id: str) -> FlowKey:
        """See `Keys.get`."""
        key = self._by_id.get(key_id)
        if key is None:
            wanted = KeyId.parse(key_id)
            master = self._masters.get(wanted.master)
            if master is None:
                raise _unknown_key(key_id, f"the masters {sorted(self._masters)}")
            key = self._derive(master, wanted.flow, wanted.tenant)
        return key

    def history(self, flow: str, tenant: str = DEFAULT_TENANT) -> Sequence[FlowKey]:
        """See `Keys.history`."""
        return [self._derive(master, flow, tenant) for master in self._masters.values()]

    def rotate(self, created: datetime, *, activate: bool = True) -> KeyRing:
        """Return a ring with one more master.

        With several hosts, add the master inactive, distribute the ring, and activate it last:
        otherwise the first host to use the new key writes what the others cannot read yet.
        """
        master = Master.generate(created)
        while master.id in self._masters:
            master = Master.generate(created)
        return KeyRing([*self.masters, master], master.id if activate else self._active.id)

    def activate(self, master_id: str) -> KeyRing:
        """Return a ring that encrypts with another of its masters.

        Raises:
            CodecError: `key_unknown`.
        """
        if master_id not in self._masters:
            raise _unknown_key(master_id, f"the masters {sorted(self._masters)}")
        return KeyRing(self.masters, master_id)

    def export(self, flows: Iterable[str], tenant: str = DEFAULT_TENANT) -> FlowKeys:
        """Derive the keys of some flows, for a worker that serves no others."""
        wanted = list(flows)
        return FlowKeys(
            [key for flow in wanted for key in self.history(flow, tenant)], self._active.id
        )

    def _derive(self, master: Master, flow: str, tenant: str) -> FlowKey:
        text = f"{master.id}/{tenant}/{flow}"
        key = self._by_id.get(text)
        if key is None:
            key = master.derive(flow, tenant)
            _remember(self._by_id, text, key)
        return key

    def __repr__(self) -> str:
        return f"KeyRing(masters={list(self._masters)}, active={self._active.id!r})"


class FlowKeys:
    """The keys of some flows and nothing from which another flow's key could be derived."""

    def __init__(self, keys: Iterable[FlowKey], active: str) -> None:
        self._by_id = {str(key.id): key for key in keys}
        self._active = active

    @property
    def keys(self) -> tuple[FlowKey, ...]:
        """The keys, those of older masters first within each flow."""
        return tuple(self._by_id.values())

    @property
    def active_master_id(self) -> str:
        """The id of the master whose keys encrypt new payloads."""
        return self._active

    def active(self, flow: str, tenant: str = DEFAULT_TENANT) -> FlowKey:
        """See `Keys.active`."""
        return self.get(f"{self._active}/{tenant}/{flow}")

    def get(self, key_id: str) -> FlowKey:
        """See `Keys.get`."""
        key = self._by_id.get(key_id)
        if key is None:
            KeyId.parse(key_id)
            flows = sorted({key.id.flow for key in self._by_id.values()})
            raise _unknown_key(key_id, f"the exported keys of the flows {flows}")
        return key

    def history(self, flow: str, tenant: str = DEFAULT_TENANT) -> Sequence[FlowKey]:
        """See `Keys.history`."""
        keys = [key for key in self.keys if (key.id.flow, key.id.tenant) == (flow, tenant)]
        if not keys:
            self.active(flow, tenant)  # raises, naming what is held
        return keys

    def __repr__(self) -> str:
        return f"FlowKeys({list(self._by_id)}, active={self._active!r})"


def flow_of_workflow(workflow_id: str | None) -> str:
    """The flow whose key protects the payloads of a workflow: the text before the first `/`.

    A workflow that is no run (no `/`, or nothing before it) falls to the reserved project flow.
    """
    if not workflow_id:
        return PROJECT_FLOW
    flow, slash, _ = workflow_id.partition("/")
    return flow if slash and flow else PROJECT_FLOW


def _hkdf(secret: bytes, info: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_SIZE, salt=None, info=info.encode()).derive(secret)


def _is_name(text: str) -> bool:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return 0 < size <= _MAX_NAME_BYTES and not _NOT_IN_NAMES.search(text)


def _remember(cache: dict[_K, FlowKey], name: _K, key: FlowKey) -> None:
    if len(cache) >= _MAX_CACHED_KEYS:
        cache.clear()
    cache[name] = key


def _invalid_key_id(text: str) -> CodecError:
    return CodecError(
        f"`{text[:200]!r}` is not a key id, which is `<master>/<tenant>/<flow>` with names of 1 to"
        f" {_MAX_NAME_BYTES} bytes and no control characters.",
        code="key_id_invalid",
        hint="the payload was not written by Wistro, or the flow's name cannot be used",
    )


def _unknown_key(key_id: str, held: str) -> CodecError:
    return CodecError(
        f"The key `{key_id}` is not here; this process holds {held}.",
        code="key_unknown",
        hint="after `wistro keys rotate`, give every process the new key file or export;"
        " a worker with exported keys reads only its own flows",
        retryable=True,
    )
