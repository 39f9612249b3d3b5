"""Many callers who wait, callers who go away, and many who wait for the same call."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest

from tests.triggers.conftest import Shop
from wistro import Client

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120),
]

CALLERS = 200
TEA = {"article": "tea"}


async def test_two_hundred_callers_wait(shop: Shop) -> None:
    before = len(asyncio.all_tasks())
    async with Client(shop.url, token=shop.runtime.token) as client:
        calls = [client.call("quotes", {**TEA, "seconds": 2}) for _ in range(CALLERS)]
        answers = await asyncio.gather(*calls)
    assert [answer.data for answer in answers] == [{"price": 12}] * CALLERS
    assert len({answer.call_id for answer in answers}) == CALLERS
    async with asyncio.timeout(20):
        while len(asyncio.all_tasks()) > before + 5:  # connections linger for a moment
            await asyncio.sleep(0.1)


async def test_forty_wait_for_one_call(shop: Shop) -> None:
    """A run takes ten questions at a time: those who ask the same share one."""
    async with Client(shop.url, token=shop.runtime.token) as client:
        question = {**TEA, "seconds": 2}
        begun = await client.call("quotes", question, wait=timedelta(0), idempotency_key="forty")
        asked = [client.fetch("quotes", begun.call_id, wait=None) for _ in range(20)]
        asked += [client.call("quotes", question, idempotency_key="forty") for _ in range(20)]
        answers = await asyncio.gather(*asked)
    assert [answer.data for answer in answers] == [{"price": 12}] * 40
    assert {answer.call_id for answer in answers} == {begun.call_id}


async def test_who_looks_in_again_and_again_is_no_burden(shop: Shop) -> None:
    async with Client(shop.url, token=shop.runtime.token) as client:
        begun = await client.call("quotes", {**TEA, "seconds": 10}, wait=timedelta(0))
        looks = 0
        while (await client.fetch("quotes", begun.call_id)).status == "pending":
            looks += 1
        assert looks > 10
        assert (await client.fetch("quotes", begun.call_id)).data == {"price": 12}


async def test_a_caller_goes_away(shop: Shop) -> None:
    headers = {"idempotency-key": "gone", "authorization": f"Bearer {shop.runtime.token}"}
    body = {"input": {**TEA, "seconds": 2}}
    async with httpx.AsyncClient(base_url=shop.url, headers=headers, timeout=0.5) as impatient:
        with pytest.raises(httpx.ReadTimeout):
            await impatient.post("/call/quotes", json=body)
    async with Client(shop.url, token=shop.runtime.token) as client:
        answer = await client.call("quotes", body["input"], idempotency_key="gone")
    assert (answer.data, answer.existed) == ({"price": 12}, True)
