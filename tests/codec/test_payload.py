"""The payload codec picks the key of the right flow and hides the whole payload."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    NexusSerializationContext,
    SerializationContext,
    WorkflowSerializationContext,
)

from wistro_codec import ENCODING, CodecError, KeyId, KeyRing, WistroCodec
from wistro_codec.payload import KEY_ID_FIELD, key_id_of

RING = KeyRing.generate(datetime(2025, 6, 1, tzinfo=UTC))
CODEC = WistroCodec(RING)

payloads = st.builds(
    Payload,
    metadata=st.dictionaries(st.text(max_size=12), st.binary(max_size=20), max_size=3),
    data=st.binary(max_size=500),
)


def workflow(workflow_id: str) -> SerializationContext:
    return WorkflowSerializationContext(namespace="default", workflow_id=workflow_id)


def activity(workflow_id: str | None) -> SerializationContext:
    return ActivitySerializationContext(
        namespace="default",
        activity_id="1",
        activity_type="charge",
        activity_task_queue="q",
        workflow_id=workflow_id,
        workflow_type=None,
        is_local=False,
    )


def flow_of(payload: Payload) -> str:
    return KeyId.parse(key_id_of(payload)).flow


@given(st.lists(payloads, max_size=4))
async def test_round_trip(given: list[Payload]) -> None:
    sealed = await CODEC.encode(given)
    assert all(set(payload.metadata) == {"encoding", KEY_ID_FIELD} for payload in sealed)
    assert await CODEC.decode(sealed) == given


async def test_large_payloads_round_trip() -> None:
    payload = Payload(metadata={"encoding": b"json/plain"}, data=os.urandom(1 << 20).hex().encode())
    [sealed] = await CODEC.encode([payload])
    assert len(sealed.data) < len(payload.data)
    assert await CODEC.decode([sealed]) == [payload]


async def test_the_inner_encoding_is_hidden() -> None:
    payload = Payload(metadata={"encoding": b"json/protobuf", "messageType": b"shop.Order"})
    [sealed] = await CODEC.encode([payload])
    assert sealed.metadata["encoding"] == ENCODING
    assert b"shop.Order" not in sealed.SerializeToString()


@pytest.mark.parametrize(
    ("context", "flow"),
    [
        (workflow("orders/0af7651916cd43dd8448eb211c80319c"), "orders"),
        (workflow("orders/cron.nightly/2025"), "orders"),
        (workflow("orders"), "_project"),
        (workflow("/x"), "_project"),
        (activity("billing/1"), "billing"),
        (activity(None), "_project"),
        (NexusSerializationContext(endpoint="e", service="s", operation="o"), "_project"),
    ],
)
async def test_the_flow_comes_from_the_workflow_id(
    context: SerializationContext, flow: str
) -> None:
    [sealed] = await CODEC.for_flow("another").with_context(context).encode([Payload()])
    assert flow_of(sealed) == flow


async def test_without_context_the_project_s_key_is_used() -> None:
    [sealed] = await CODEC.encode([Payload()])
    assert flow_of(sealed) == "_project"


def test_the_same_context_costs_nothing() -> None:
    bound = CODEC.with_context(workflow("orders/1"))
    assert bound.with_context(activity("orders/2")) is bound


async def test_tenants_are_apart() -> None:
    [sealed] = await WistroCodec(RING, tenant="acme", flow="orders").encode([Payload(data=b"x")])
    assert KeyId.parse(key_id_of(sealed)).tenant == "acme"
    sealed.metadata[KEY_ID_FIELD] = str(RING.active("orders").id).encode()
    with pytest.raises(CodecError):
        await CODEC.decode([sealed])


async def test_encoding_twice_is_encoding_once() -> None:
    once = await CODEC.encode([Payload(data=b"x")])
    assert await CODEC.with_context(workflow("orders/1")).encode(once) == once


async def test_payloads_of_others_pass_through() -> None:
    foreign = [Payload(), Payload(metadata={"encoding": b"json/plain"}, data=b"1")]
    assert await CODEC.decode(foreign) == foreign


async def test_arguments_are_not_changed() -> None:
    payload = Payload(metadata={"encoding": b"json/plain"}, data=b"1")
    copy = Payload.FromString(payload.SerializeToString())
    [sealed] = await CODEC.encode([payload])
    sealed_copy = Payload.FromString(sealed.SerializeToString())
    await CODEC.decode([sealed])
    assert payload == copy
    assert sealed == sealed_copy


async def test_a_worker_with_one_flow_s_keys() -> None:
    worker = WistroCodec(RING.export(["orders"]))
    orders = await CODEC.for_flow("orders").encode([Payload(data=b"x")])
    assert await worker.decode(orders) == [Payload(data=b"x")]
    assert await CODEC.decode(await worker.for_flow("orders").encode([Payload(data=b"y")])) == [
        Payload(data=b"y")
    ]
    billing = await CODEC.for_flow("billing").encode([Payload(data=b"x")])
    with pytest.raises(CodecError) as refused:
        await worker.decode(billing)
    assert refused.value.code == "key_unknown"
    assert refused.value.retryable
    with pytest.raises(CodecError):
        await worker.for_flow("billing").encode([Payload()])


async def test_errors_hold_no_data() -> None:
    small = WistroCodec(RING, limit=10, compress_from=None)
    sealed = await small.encode([Payload(data=b"4111 1111 1111 1111")])
    with pytest.raises(CodecError) as refused:
        await small.decode(sealed)
    assert refused.value.code == "payload_too_large"
    assert "4111" not in str(refused.value)
