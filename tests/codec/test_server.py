"""The codec server over real HTTP: who may ask, from where, and what they learn."""

from __future__ import annotations

import asyncio
import base64
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from google.protobuf.json_format import MessageToDict, ParseDict
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import ExternalStorage, StorageDriverStoreContext

from wistro_codec import KeyId, KeyRing, LocalStorageDriver, WistroCodec, data_converter
from wistro_codec.payload import key_id_of
from wistro_codec.server import Authenticate, bearer_token, codec_router, loopback
from wistro_codec.storage import Resolve, resolver

RING = KeyRing.generate(datetime(2025, 6, 1, tzinfo=UTC))
CODEC = WistroCodec(RING)
UI = "http://localhost:8233"
TOKEN = {"authorization": "Bearer s3cret"}
HELLO = Payload(metadata={"encoding": b"json/plain"}, data=b'"hello"')


class ReadsOrders:
    def may_read(self, flow: str) -> bool:
        return flow == "orders"


@asynccontextmanager
async def serving(
    authenticate: Authenticate | None = None,
    resolve: Resolve | None = None,
    max_body: int = 100_000,
) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    router = codec_router(
        CODEC,
        authenticate=authenticate or bearer_token("s3cret"),
        origins=[UI],
        resolve=resolve,
        max_body=max_body,
    )
    app.include_router(router, prefix="/_wistro/codec")
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/_wistro/codec") as client:
            yield client
    finally:
        server.should_exit = True
        await task
        listener.close()


def body(*payloads: Payload) -> dict[str, object]:
    return MessageToDict(Payloads(payloads=payloads))


def payloads_of(response: httpx.Response) -> list[Payload]:
    assert response.status_code == 200, response.text
    return list(ParseDict(response.json(), Payloads()).payloads)


def code_of(response: httpx.Response) -> str:
    error = response.json()["error"]
    assert set(error) == {"code", "message", "details", "correlation_id"}
    return error["code"]


async def sealed_for(flow: str) -> Payload:
    [sealed] = await CODEC.for_flow(flow).encode([HELLO])
    return sealed


async def test_encodes_and_decodes() -> None:
    async with serving() as client:
        encoded = await client.post("/encode", json=body(HELLO), headers=TOKEN)
        [sealed] = payloads_of(encoded)
        assert KeyId.parse(key_id_of(sealed)).flow == "_project"
        # As the CLI and the UI spell it: bytes in base64, metadata included.
        metadata = encoded.json()["payloads"][0]["metadata"]
        assert base64.b64decode(metadata["encoding"]) == b"binary/wistro.v1"

        decoded = await client.post("/decode", json=body(sealed, HELLO), headers=TOKEN)
        assert payloads_of(decoded) == [HELLO, HELLO]
        assert decoded.headers["cache-control"] == "no-store"


async def test_nothing_in_nothing_out() -> None:
    async with serving() as client:
        response = await client.post("/decode", json={}, headers=TOKEN)
        assert response.json() == {"payloads": []}


async def test_encodes_for_a_named_flow() -> None:
    async with serving() as client:
        headers = TOKEN | {"x-wistro-flow": "orders"}
        response = await client.post("/encode", json=body(HELLO), headers=headers)
        [sealed] = payloads_of(response)
        assert KeyId.parse(key_id_of(sealed)).flow == "orders"


@pytest.mark.parametrize("path", ["/encode", "/decode", "/download"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "s3cret"},
        {"authorization": "Bearer"},
    ],
)
async def test_strangers_are_turned_away(path: str, headers: dict[str, str]) -> None:
    async with serving() as client:
        response = await client.post(path, json=body(await sealed_for("orders")), headers=headers)
        assert response.status_code == 401
        assert code_of(response) == "unauthorized"
        assert "hello" not in response.text


async def test_readers_see_only_their_flows() -> None:
    async with serving(bearer_token("s3cret", ReadsOrders())) as client:
        orders, billing = await sealed_for("orders"), await sealed_for("billing")
        allowed = await client.post("/decode", json=body(orders), headers=TOKEN)
        assert payloads_of(allowed) == [HELLO]
        refused = await client.post("/decode", json=body(orders, billing), headers=TOKEN)
        assert refused.status_code == 403
        assert code_of(refused) == "forbidden"
        assert "hello" not in refused.text
        for_billing = TOKEN | {"x-wistro-flow": "billing"}
        refused = await client.post("/encode", json=body(HELLO), headers=for_billing)
        assert refused.status_code == 403


async def test_the_ui_s_browser_may_ask() -> None:
    async with serving() as client:
        preflight = await client.options(
            "/decode",
            headers={
                "origin": UI,
                "access-control-request-method": "POST",
                "access-control-request-headers": "content-type,x-namespace,authorization",
                "access-control-request-private-network": "true",
            },
        )
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == UI
        assert "POST" in preflight.headers["access-control-allow-methods"]
        allowed = preflight.headers["access-control-allow-headers"].split(", ")
        assert {"content-type", "x-namespace", "authorization", "authorization-extras"} <= set(
            allowed
        )
        assert preflight.headers["access-control-allow-private-network"] == "true"
        assert preflight.headers["vary"] == "Origin"

        headers = TOKEN | {"origin": UI, "x-namespace": "default"}
        response = await client.post(
            "/decode?preserveStorageRefs=true",
            json=body(await sealed_for("orders")),
            headers=headers,
        )
        assert payloads_of(response) == [HELLO]
        assert response.headers["access-control-allow-origin"] == UI


async def test_a_page_hears_why_it_was_refused() -> None:
    async with serving() as client:
        response = await client.post("/decode", json={}, headers={"origin": UI})
        assert response.status_code == 401
        assert response.headers["access-control-allow-origin"] == UI


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8233", "https://localhost:8233", "null"])
async def test_other_pages_may_not(origin: str) -> None:
    async with serving(loopback(bearer_token("s3cret"))) as client:
        preflight = await client.options("/decode", headers={"origin": origin})
        assert preflight.status_code == 403
        assert "access-control-allow-origin" not in preflight.headers
        response = await client.post(
            "/decode", json=body(await sealed_for("orders")), headers={"origin": origin}
        )
        assert response.status_code == 403
        assert "access-control-allow-origin" not in response.headers


async def test_this_machine_needs_no_token_in_development() -> None:
    async with serving(loopback(bearer_token("s3cret"))) as client:
        request = body(await sealed_for("orders"))
        assert payloads_of(await client.post("/decode", json=request)) == [HELLO]
        # A name that points here, or a proxy that runs here, is not this machine.
        for headers in ({"host": "evil.example:80"}, {"x-forwarded-for": "192.0.2.1"}):
            response = await client.post("/decode", json=request, headers=headers)
            assert response.status_code == 401
        response = await client.post(
            "/decode", json=request, headers=TOKEN | {"host": "shop.example"}
        )
        assert payloads_of(response) == [HELLO]


async def test_bodies_that_are_not_understood() -> None:
    async with serving() as client:
        for content in (
            "",
            "{",
            "[1]",
            "null",
            '{"payloads": 1}',
            "\ud83d",
        ):
            headers = TOKEN | {"content-type": "application/json"}
            data = content.encode("utf-8", "surrogatepass")
            response = await client.post("/decode", content=data, headers=headers)
            assert (response.status_code, code_of(response)) == (400, "body_invalid"), content
        response = await client.post(
            "/decode", content="{}", headers=TOKEN | {"content-type": "text/plain"}
        )
        assert (response.status_code, code_of(response)) == (400, "body_invalid")


async def test_large_bodies_are_not_read_to_the_end() -> None:
    async with serving(max_body=1000) as client:
        headers = TOKEN | {"content-type": "application/json"}
        response = await client.post("/decode", content=b" " * 100_000, headers=headers)
        assert (response.status_code, code_of(response)) == (413, "body_too_large")


async def test_refusals_tell_nothing(caplog: pytest.LogCaptureFixture) -> None:
    sealed = await sealed_for("orders")
    tampered = Payload.FromString(sealed.SerializeToString())
    tampered.data = tampered.data[:-1] + bytes([tampered.data[-1] ^ 1])
    stranger = KeyRing.generate(datetime.now(UTC))
    [unknown] = await WistroCodec(stranger, flow="orders").encode([HELLO])
    async with serving() as client:
        for payload, code in ((tampered, "envelope_tampered"), (unknown, "key_unknown")):
            with caplog.at_level(logging.WARNING, "wistro_codec"):
                response = await client.post("/decode", json=body(payload), headers=TOKEN)
            assert (response.status_code, code_of(response)) == (422, code)
            error = response.json()["error"]
            assert RING.active_master.id not in response.text
            assert error["correlation_id"] in caplog.text
            assert RING.active_master.id in caplog.text


async def test_stored_payloads(tmp_path: Path) -> None:
    driver = LocalStorageDriver(tmp_path)
    converter = data_converter(
        CODEC.for_flow("orders"), ExternalStorage([driver], payload_size_threshold=0)
    )
    [reference] = await converter.encode(["hello"])
    reader = bearer_token("s3cret", ReadsOrders())
    async with serving(reader, resolver([driver])) as client:

        async def ask(path: str, payload: Payload = reference) -> httpx.Response:
            return await client.post(path, json=body(payload), headers=TOKEN)

        assert payloads_of(await ask("/decode")) == [HELLO]
        assert payloads_of(await ask("/decode?preserveStorageRefs=true")) == [reference]
        assert payloads_of(await ask("/download")) == [HELLO]
        assert code_of(await ask("/download", HELLO)) == "body_invalid"

        billing = await driver.store(StorageDriverStoreContext(), [await sealed_for("billing")])
        plain = await driver.store(StorageDriverStoreContext(), [HELLO])
        for claims, code in ((billing, "forbidden"), (plain, "storage_corrupt")):
            other = Payload.FromString(reference.SerializeToString())
            digest = claims[0].claim_data["sha256"]
            other.data = (
                b'{"driverName": "wistro.local", "claimData": {"sha256": "%s"}}' % digest.encode()
            )
            response = await ask("/download", other)
            assert code_of(response) == code
            assert "hello" not in response.text
            assert str(tmp_path) not in response.text

    async with serving() as client:
        response = await client.post("/decode", json=body(reference), headers=TOKEN)
        assert payloads_of(response) == [reference]
        response = await client.post("/download", json=body(reference), headers=TOKEN)
        assert response.status_code == 400


def test_an_empty_token_lets_nobody_in() -> None:
    with pytest.raises(ValueError, match="empty"):
        bearer_token("")
