"""Whose answers are whose: what keys see of the inbox, and what a run may write."""

from __future__ import annotations

import pytest

from tests.targets.conftest import Desk
from wistro.stores.api_keys import FILE, ApiKeyFile
from wistro.stores.reserved import CHANNELS, PUT_RESERVED
from wistro.stores.worker_client import WORKER_API
from wistro_codec import mint_run_token

pytestmark = [pytest.mark.server]


async def test_a_key_sees_the_inbox_of_its_roles(desk: Desk) -> None:
    inbox = "/_wistro/api/inbox/answers"
    to: dict[str, object] = {"target": "inbox", "users": ["dora"]}
    await desk.record("ask", call_id := await desk.call("ask", "private", to))
    keys = ApiKeyFile(desk.runtime.folder / FILE)
    _, text = keys.create("clerk", scopes=["inbox"], roles=["clerks"])
    clerk = {"X-API-Key": text}
    assert (await desk.http.get(inbox, headers=clerk)).json()["items"] == []
    nosy = await desk.http.get(inbox, params={"user": "dora"}, headers=clerk)
    assert (nosy.status_code, nosy.json()["error"]["details"][0]["field"]) == (422, "user")
    gone = await desk.http.delete(f"{inbox}/{call_id}.answer", headers=clerk)
    assert gone.status_code == 404
    of_clerks: dict[str, object] = {"target": "inbox", "roles": ["clerks"]}
    await desk.record("ask", await desk.call("ask", "for clerks", of_clerks))
    (found,) = (await desk.http.get(inbox, headers=clerk)).json()["items"]
    assert found["answer"]["data"] == {"echo": "for clerks"}


async def test_a_run_writes_only_its_own_answers(desk: Desk) -> None:
    """A token of one run neither sends in the name of another, nor replaces what that has sent."""

    async def put(id: str, **said: str) -> int:
        token = mint_run_token(desk.runtime.keys, flow="ask", run_id="r7", expires_at=2**40)
        answer = await desk.http.post(
            f"{WORKER_API}{PUT_RESERVED}",
            json={"stream": CHANNELS, "group": "anna", "id": id, "data": said},
            headers={"authorization": f"Bearer {token}"},
        )
        return answer.status_code

    assert await put("r7.answer", flow="ask", call_id="r7") == 200
    assert await put("r7.answer.3", flow="ask", call_id="r7") == 200
    assert await put("r8.answer", flow="ask", call_id="r7") == 403
    assert await put("r7.answer", flow="ask", call_id="r8") == 403
    assert await put("r7.answer", flow="many", call_id="r7") == 403
    assert await put("r7.answer") == 403
