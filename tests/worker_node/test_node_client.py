"""`wistro/client` in Node against a real server: the answers, and those that come to a channel."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TemporalServer
from tests.targets.conftest import FILES, open_desk
from wistro.project.toolchains import NODE
from wistro.temporal.host.serverbinary import ServerAddress

pytestmark = [pytest.mark.server, pytest.mark.slow]

PROGRAM = """
    import {{ Client, Unanswered, RequestFailed }} from '{client}'

    const client = new Client({{ url: process.env.URL, token: process.env.TOKEN }})
    const found = {{}}
    const called = await client.call('ask', 'x', {{ idempotencyKey: 'k', responseMeta: {{ tab: 1 }} }})
    found.called = called
    found.again = await client.call('ask', 'x', {{ idempotencyKey: 'k' }})
    found.fetched = await client.fetch('ask', called.callId)
    found.later = await client.call('ask', 'later', {{ after: '1h' }})
    found.weekly = await client.call('ask', 'again', {{ cron: '0 3 * * 1', timeZone: 'Europe/Paris' }})
    found.failed = await client.call('ask', 'fail').catch((error) => [error instanceof Unanswered, error.code])
    found.unknown = await client.call('nowhere').catch((error) => [error instanceof RequestFailed, error.status])

    found.answers = []
    const toBob = {{ respondTo: {{ target: 'channel', user: 'bob' }} }}
    for await (const answer of client.follow('many', 3, toBob)) found.answers.push([answer.number, answer.data])

    const tab = new Client({{ url: process.env.URL, token: process.env.TAB }})
    const respondTo = {{ target: 'channel', user: 'anna' }}
    const sent = await client.call('ask', 'for anna', {{ respondTo }})
    found.sent = sent.status
    for await (const answer of tab.channel('anna', {{ lastId: '0' }})) {{
      found.channel = [answer.callId === sent.callId, answer.data, answer.last]
      break
    }}
    found.stranger = await tab.channel('bob').next().catch((error) => error.status)
    console.log(JSON.stringify(found))
    """


async def test_the_client(temporal_server: TemporalServer, tmp_path: Path) -> None:
    NODE.serve(tmp_path)  # builds what is not built yet
    address = ServerAddress(address=temporal_server.address, namespace=temporal_server.namespace)
    program = tmp_path / "program.mjs"
    program.write_text(PROGRAM.format(client=NODE.sources / "dist/client/index.js"))
    async with open_desk(address, tmp_path / "desk", dict(FILES), {}) as desk:
        token = await desk.admin.post("/_wistro/api/channels/anna/token", json={"expires": "1h"})
        process = await asyncio.create_subprocess_exec(
            "node",
            program,
            env=os.environ
            | {"URL": desk.url, "TOKEN": desk.runtime.token, "TAB": token.json()["token"]},
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(out)
    call_id = found["called"]["callId"]
    known = {"flow": "ask", "callId": call_id, "status": "answered", "data": {"echo": "x"}}
    assert found["called"] == known | {"existed": False, "responseMeta": {"tab": 1}}
    assert found["again"] == known | {"existed": True, "responseMeta": {"tab": 1}}
    assert found["fetched"]["data"] == {"echo": "x"}
    for scheduled in (found["later"], found["weekly"]):
        assert scheduled["status"] == "scheduled"
        assert datetime.fromisoformat(scheduled["at"]) > datetime.now(UTC)
    assert found["failed"] == [True, "flow_failed"]
    assert found["unknown"] == [True, 404]
    assert found["answers"] == [[n + 1, {"part": n}] for n in range(3)]
    assert found["sent"] == "pending"
    assert found["channel"] == [True, {"echo": "for anna"}, True]
    assert found["stranger"] == 401
