"""Streams through the worker API: what every store does, and what the API refuses."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from tests.stores.serving import KEYS, RUN, client, mint, serving, verify
from tests.streams.serving import TEXT, stream
from wistro.errors import InvalidMessage, StoreError
from wistro.project.lock import Lock
from wistro.stores import StreamItems, StreamStore, open_streams
from wistro.stores.conformance import ODD_NAMES
from wistro.stores.conformance_stream import StreamItemsConformance
from wistro.stores.remote_stream import RemoteStreams
from wistro.stores.worker_client import WORKER_API
from wistro_codec import verify_stream_token
from wistro_triggers.streams_worker_api import Served, streams_worker_api

NAMES = ("chat", *ODD_NAMES)
LOCK = Lock(
    project="shop",
    build="1",
    streams={name: stream(name) for name in NAMES} | {"strict": stream("strict", item=TEXT)},
)


@pytest.fixture
async def store() -> AsyncIterator[StreamStore]:
    store = await open_streams("memory")
    yield store
    await store.close()


@pytest.fixture
async def url(store: StreamStore) -> AsyncIterator[str]:
    app = FastAPI()
    router = APIRouter(prefix=WORKER_API)
    served = Served(store, lambda: LOCK, KEYS)
    router.include_router(streams_worker_api(served=served, verify=verify))
    app.include_router(router)
    async with serving(app) as url:
        yield url


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client() as http:
        yield http


@pytest.fixture
async def streams(url: str, http: httpx.AsyncClient) -> StreamItems:
    return RemoteStreams(url, mint, http)


class TestRemote(StreamItemsConformance):
    """The fixtures of the module."""


class TestSchemas:
    async def test_a_wrong_item_is_the_handlers_mistake(
        self, streams: StreamItems, store: StreamStore
    ) -> None:
        with pytest.raises(InvalidMessage, match="`7` of the stream `strict`") as refused:
            await streams.set("strict", "room", "7", {"text": 7})
        assert [issue.field for issue in refused.value.issues] == ["text"]
        assert not refused.value.retryable
        with pytest.raises(InvalidMessage) as refused:
            await streams.set("strict", "room", "7", {})
        assert [issue.field for issue in refused.value.issues] == ["text"]
        assert await store.get("strict", "room", "7") is None
        await streams.set("strict", "room", "7", {"text": "fits"})

    async def test_an_unknown_stream(self, streams: StreamItems) -> None:
        with pytest.raises(StoreError, match="`strikt`") as refused:
            await streams.get("strikt", "room", "7")
        assert (refused.value.code, refused.value.retryable) == ("unknown_stream", False)
        assert "`strict`" in (refused.value.hint or "")


class TestApi:
    async def test_operations(self, url: str, http: httpx.AsyncClient) -> None:
        async def call(operation: str, **body: object) -> dict[str, Any]:
            headers = {"authorization": f"Bearer {mint()}"}
            answer = await http.post(
                f"{url}{WORKER_API}/streams/{operation}", json=body, headers=headers
            )
            assert answer.status_code == 200, answer.text
            return answer.json()

        place = {"stream": "chat", "group": "room", "id": "7"}
        written = await call("set", **place, data={"text": "hi"})
        assert written["item"].pop("updated_at") == pytest.approx(time.time(), abs=10)
        item = {**place, "data": {"text": "hi", "id": "7"}, "version": 1}
        assert written == {"item": item}
        listed = await call("list", stream="chat", group="room")
        assert (listed["items"][0]["data"], listed["next"]) == (item["data"], None)
        assert await call("send", stream="chat", group="room", type="typing", data=1) == {"seq": 2}
        assert (await call("delete", **place))["item"]["data"] == item["data"]
        assert await call("delete", **place) == {"item": None}
        assert await call("get", **place) == {"item": None}
        made = await call("token", stream="chat", group="room", seconds=60, context={"user": 7})
        assert made["expires_at"] == pytest.approx(time.time() + 60, abs=10)
        says = verify_stream_token(KEYS, made["token"], now=time.time())
        assert (says.stream, says.group, says.id) == ("chat", "room", None)
        assert says.context == {"user": 7}

    @pytest.mark.parametrize(
        ("path", "headers", "body", "status", "code"),
        [
            ("get", {}, {}, 401, "token_missing"),
            ("get", {"authorization": "Bearer x"}, {}, 401, "token_malformed"),
            ("drop", None, {}, 404, "unknown_operation"),
            ("get", None, {"stream": "chat"}, 422, "invalid_body"),
            (
                "set",
                None,
                {"stream": "chat", "group": "g", "id": "7", "data": []},
                422,
                "invalid_body",
            ),
            ("get", None, {"stream": "x", "group": "g", "id": "7"}, 404, "unknown_stream"),
            ("get", None, {"stream": "chat", "group": "", "id": "7"}, 422, "name_invalid"),
            ("token", None, {"stream": "chat", "context": "x" * 9000}, 422, "token_too_large"),
            ("token", None, {"stream": "chat", "seconds": 0}, 422, "invalid_body"),
        ],
    )
    async def test_refusals(
        self,
        url: str,
        http: httpx.AsyncClient,
        path: str,
        headers: dict[str, str] | None,
        body: dict[str, object],
        status: int,
        code: str,
    ) -> None:
        shown = {"authorization": f"Bearer {mint(run_id=RUN)}"} if headers is None else headers
        answer = await http.post(f"{url}{WORKER_API}/streams/{path}", json=body, headers=shown)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
        assert "hint:" in answer.json()["error"]["message"]
