"""`wistro.Client` against a real server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from functools import partial

import httpx
import pytest
import pytest_asyncio

from tests.triggers.conftest import Shop
from wistro import CallFailed, Client, InvalidMessage, RunError

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

TEA = {"article": "tea"}
SLOW = {"article": "tea", "seconds": 1}


@pytest_asyncio.fixture(loop_scope="session")
async def client(shop: Shop) -> AsyncIterator[Client]:
    async with Client(shop.url, token=shop.runtime.token) as client:
        yield client


async def test_the_answer(client: Client) -> None:
    answer = await client.call("quotes", TEA, response_meta={"tab": 3}, client_context="here")
    assert (answer.status, answer.data) == ("answered", {"price": 12})
    assert (answer.response_meta, answer.existed) == ({"tab": 3}, False)
    again = await client.fetch("quotes", answer.call_id)
    assert (again.call_id, again.data) == (answer.call_id, answer.data)


async def test_as_long_as_one_cares_to_wait(client: Client) -> None:
    begun = await client.call("quotes", SLOW, wait=timedelta(0))
    assert begun.status == "pending"
    assert (await client.fetch("quotes", begun.call_id)).status == "pending"
    answer = await client.fetch("quotes", begun.call_id, wait=None)
    assert answer.data == {"price": 12}


async def test_later(client: Client) -> None:
    scheduled = await client.call("quotes", TEA, after=timedelta(seconds=1))
    assert scheduled.status == "scheduled"
    assert scheduled.at is not None
    answer = await client.fetch("quotes", scheduled.call_id, wait=timedelta(seconds=20))
    assert answer.data == {"price": 12}


@pytest.mark.parametrize(
    ("article", "status", "code"),
    [
        ("unicorn", "flow_failed", "unknown_article"),
        ("nothing", "response_not_reached", "response_not_reached"),
        ("nonsense", "flow_failed", "flow_failed"),
    ],
)
async def test_no_answer(client: Client, article: str, status: str, code: str) -> None:
    with pytest.raises(CallFailed) as failed:
        await client.call("quotes", {"article": article})
    assert (failed.value.flow, failed.value.status, failed.value.code) == ("quotes", status, code)
    with pytest.raises(CallFailed) as again:
        await client.fetch("quotes", failed.value.call_id)
    assert again.value.code == code


async def test_what_is_refused(shop: Shop, client: Client) -> None:
    with pytest.raises(InvalidMessage) as invalid:
        await client.call("quotes", {})
    assert [issue.field for issue in invalid.value.issues] == ["input.article"]
    with pytest.raises(RunError, match="`quots`") as unknown:
        await client.call("quots")
    assert (unknown.value.code, unknown.value.hint) == ("not_callable", "did you mean `quotes`?")
    async with Client(shop.url) as stranger:
        with pytest.raises(RunError) as refused:
            await stranger.call("quotes", TEA)
    assert refused.value.code == "unauthorized"


async def test_several_answers_as_they_come(client: Client) -> None:
    begun = await client.call("quotes", SLOW, wait=timedelta(0))
    async with aclosing(client.follow("quotes", begun.call_id)) as answers:
        assert [answer async for answer in answers] == [{"price": 12}]
    failed = await client.call("quotes", {"article": "nothing"}, wait=timedelta(0))
    with pytest.raises(CallFailed) as ended:
        _ = [answer async for answer in client.follow("quotes", failed.call_id)]
    assert ended.value.code == "response_not_reached"


async def test_without_an_event_loop(shop: Shop) -> None:
    def program() -> list[object]:
        with Client.blocking(shop.url, token=shop.runtime.token) as client:
            answer = client.call("quotes", SLOW)
            return [answer.data, *client.follow("quotes", answer.call_id)]

    assert await asyncio.to_thread(program) == [{"price": 12}, {"price": 12}]


async def test_a_key_makes_it_safe_to_send_again(shop: Shop) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    async with Client(f"http://127.0.0.1:{port}", token=shop.runtime.token, retries=6) as client:
        with pytest.raises(RunError) as away:
            await client.call("quotes", TEA)
        assert (away.value.code, away.value.retryable) == ("unreachable", True)
        calling = asyncio.create_task(client.call("quotes", TEA, idempotency_key="later"))
        await asyncio.sleep(0.2)
        async with await asyncio.start_server(partial(passed_on, shop.url), "127.0.0.1", port):
            assert (await calling).data == {"price": 12}


async def passed_on(url: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A connection to the server at `url`, for one that was made elsewhere."""
    there = httpx.URL(url)
    back, forth = await asyncio.open_connection(there.host, there.port)
    async with asyncio.TaskGroup() as pumps:
        pumps.create_task(pumped(reader, forth))
        pumps.create_task(pumped(back, writer))


async def pumped(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
    sink.close()
