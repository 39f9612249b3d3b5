"""What belongs to the project is on the internal listener only, and does not seem to exist elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.access.conftest import FRONTEND, Desk, open_desk
from tests.conftest import TemporalServer

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

OURS = [
    "/_wistro",
    "/_wistro/",
    "/_wistro/health",
    "/_wistro/api/flows",
    "/_wistro/docs",
    "/_wistro/openapi.json",
    "/_wistro/metrics",
    "/_wistro/nothing",
    "/_wistro%2Fapi%2Fflows",
]


async def test_the_public_listener_has_nothing_of_ours(desk: Desk) -> None:
    headers = {"authorization": f"Bearer {desk.token}", "x-request-id": "same"}
    nothing = await desk.http.get(f"{desk.public}/nothing-here", headers=headers)
    assert nothing.status_code == 404
    for path in OURS:
        answer = await desk.http.get(desk.public + path, headers=headers)
        assert (answer.status_code, answer.content) == (404, nothing.content), path
        assert set(answer.headers) == set(nothing.headers)
    for path in ("/_wistro/worker/v1/state/get", "/_wistro/codec/decode", "/_wistro/topics/x"):
        answer = await desk.http.post(desk.public + path, headers=headers, json={})
        assert (answer.status_code, answer.content) == (404, nothing.content), path


async def test_people_reach_their_tasks_from_outside(desk: Desk) -> None:
    tasks = f"{desk.public}/_wistro/api/tasks"
    assert (await desk.http.get(tasks)).status_code == 401
    headers = {"authorization": f"Bearer {desk.token}"}
    assert (await desk.http.get(tasks, headers=headers)).json()["tasks"] == []


async def test_the_internal_listener_has_everything(desk: Desk) -> None:
    headers = {"authorization": f"Bearer {desk.token}"}
    flows = await desk.http.get(f"{desk.internal}/_wistro/api/flows", headers=headers)
    assert flows.status_code == 200
    assert (await desk.call("refunds", FRONTEND, internal=True)).status_code == 200


async def test_internal_flows(desk: Desk) -> None:
    assert (await desk.call("ledger", internal=True)).status_code == 200
    unknown = await desk.call("ledgre", desk.token, X_Request_Id="same")
    for shown in (None, FRONTEND, desk.token):
        answer = await desk.call("ledger", shown, X_Request_Id="same")
        assert answer.status_code == unknown.status_code == 404
        assert answer.text == unknown.text.replace("ledgre", "ledger")
        assert "`ledger`," not in answer.text
    call_id = (await desk.call("ledger", internal=True)).json()["call_id"]
    assert (await desk.fetch("ledger", call_id, desk.token)).status_code == 404
    assert [found["reason"] for found in await desk.refusals(flow="ledger", limit=2)] == [
        "internal",
        "internal",
    ]


async def test_clients_of_streams_are_the_public(desk: Desk) -> None:
    public = desk.public.replace("http", "ws")
    async with connect(f"{public}/_wistro/streams", proxy=None):
        pass
    with pytest.raises(InvalidStatus):
        async with connect(f"{public}/_wistro/api/live", proxy=None):
            pass


async def test_one_listener_for_all(temporal_server: TemporalServer, tmp_path: Path) -> None:
    async with open_desk(temporal_server, tmp_path, two=False) as desk:
        assert desk.public == desk.internal
        assert (await desk.http.get(f"{desk.public}/_wistro/health")).status_code == 200
        for shown in (None, FRONTEND):
            answer = await desk.call("ledger", shown)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_callable")
        started = await desk.call("ledger", desk.token, Prefer="respond-async")
        assert started.status_code == 202
