"""The payload codec: Temporal payloads in and out of envelopes. `SPEC.md` section 5."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import final

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from wistro_codec.envelope import COMPRESS_FROM, MAX_PLAINTEXT, corrupt, seal, unseal
from wistro_codec.errors import CodecError
from wistro_codec.keys import DEFAULT_TENANT, PROJECT_FLOW, FlowKey, Keys, flow_of_workflow

ENCODING = b"binary/wistro.v1"
KEY_ID_FIELD = "encryption-key-id"

_FAMILY = b"binary/wistro."
# Compressing this much takes longer than handing it to a thread, and would hold up every other run.
_THREAD_FROM = 128 * 1024


@final
class WistroCodec(PayloadCodec, WithSerializationContext):
    """Encrypts every payload of a run with the key of its flow.

    The flow is read from the workflow id that Temporal gives as the serialization context; a
    payload without a workflow belongs to the reserved project flow. Decoding needs no context: the
    payload names its key.
    """

    def __init__(
        self,
        keys: Keys,
        *,
        tenant: str = DEFAULT_TENANT,
        flow: str = PROJECT_FLOW,
        compress_from: int | None = COMPRESS_FROM,
        limit: int = MAX_PLAINTEXT,
    ) -> None:
        """Make a codec.

        Args:
            keys: Where keys are found.
            tenant: Whose keys new payloads get.
            flow: The flow whose key new payloads get; `with_context` changes it.
            compress_from: See `seal`.
            limit: See `unseal`.
        """
        self.keys = keys
        self.tenant = tenant
        self.flow = flow
        self._compress_from = compress_from
        self._limit = limit

    def for_flow(self, flow: str) -> WistroCodec:
        """The same codec, encrypting with the key of another flow."""
        if flow == self.flow:
            return self
        return WistroCodec(
            self.keys,
            tenant=self.tenant,
            flow=flow,
            compress_from=self._compress_from,
            limit=self._limit,
        )

    def with_context(self, context: SerializationContext) -> WistroCodec:
        """Bind the codec to the flow of the workflow in the context."""
        match context:
            case WorkflowSerializationContext() | ActivitySerializationContext():
                return self.for_flow(flow_of_workflow(context.workflow_id))
            case _:
                return self.for_flow(PROJECT_FLOW)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal payloads; one that is sealed already stays as it is.

        Raises:
            CodecError: `key_unknown`, `key_id_invalid` or `payload_too_large`.
        """
        key = self.keys.active(self.flow, self.tenant)
        sealed: list[Payload] = []
        for payload in payloads:
            if is_sealed(payload):
                sealed.append(payload)
                continue
            plaintext = payload.SerializeToString()
            if len(plaintext) < _THREAD_FROM:
                envelope = seal(key, plaintext, compress_from=self._compress_from)
            else:
                envelope = await asyncio.to_thread(
                    seal, key, plaintext, compress_from=self._compress_from
                )
            sealed.append(_wrap(key, envelope))
        return sealed

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open sealed payloads; those of other encodings stay as they are.

        Raises:
            CodecError: As `unseal` does, and `key_unknown` or `key_id_invalid`.
        """
        opened: list[Payload] = []
        for payload in payloads:
            if not is_sealed(payload):
                opened.append(payload)
                continue
            key = self.keys.get(key_id_of(payload))
            if len(payload.data) < _THREAD_FROM:
                plaintext = unseal(key, payload.data, limit=self._limit)
            else:
                plaintext = await asyncio.to_thread(unseal, key, payload.data, limit=self._limit)
            opened.append(_unwrap(plaintext))
        return opened


def is_sealed(payload: Payload) -> bool:
    """Whether a payload is an envelope of ours.

    Raises:
        CodecError: `envelope_version_unknown` for an encoding of ours that this version cannot
            read: to pass it on would hand ciphertext to a step as if it were data.
    """
    encoding = payload.metadata.get("encoding", b"")
    if encoding == ENCODING:
        return True
    if encoding.startswith(_FAMILY):
        raise CodecError(
            f"The payload has the encoding {encoding[:64]!r}; this reads {ENCODING!r}.",
            code="envelope_version_unknown",
            hint="a newer Wistro wrote it: upgrade this process",
        )
    return False


def key_id_of(payload: Payload) -> str:
    """The id of the key that a sealed payload names; it is proven genuine only by opening it.

    Raises:
        CodecError: `key_id_invalid` when there is none or it is no text.
    """
    label = payload.metadata.get(KEY_ID_FIELD, b"")
    try:
        return label.decode()
    except UnicodeDecodeError:
        raise CodecError(
            f"The metadata field `{KEY_ID_FIELD}` holds {label[:64]!r}; UTF-8 was expected.",
            code="key_id_invalid",
            hint="the payload was not written by Wistro",
        ) from None


def _wrap(key: FlowKey, envelope: bytes) -> Payload:
    return Payload(metadata={"encoding": ENCODING, KEY_ID_FIELD: key.label}, data=envelope)


def _unwrap(plaintext: bytes) -> Payload:
    try:
        return Payload.FromString(plaintext)
    except DecodeError:
        raise corrupt("holds no Temporal payload") from None
