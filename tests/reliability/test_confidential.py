"""Nothing that a user sent or a handler said is in Temporal's database in the clear."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path

import httpx
import pytest

from tests.reliability.conftest import StartCluster

pytestmark = [pytest.mark.server, pytest.mark.slow]

SECRETS = {
    "body": "walrus-body-7731",
    "header": "walrus-header-7732",
    "query": "walrus-query-7733",
    "emission": "walrus-emission-7734",
    "state": "walrus-state-7735",
    "error": "walrus-error-7736",
    "log": "walrus-log-7737",
    "heartbeat": "walrus-heartbeat-7738",
    "answer": "walrus-answer-7739",
    "key": "walrus-idempotency-7740",
    "topic message": "walrus-message-7741",
}

FILES = {
    "ask.step.py": f"""
        from wistro import ApiStep
        config = ApiStep(name="Ask", flows=["f"], method="POST", path="/ask", emits=["asked"])
        async def handler(request, ctx):
            await ctx.emit("asked", {{"text": "{SECRETS["emission"]}"}})
            return {{"status": 200, "body": "{SECRETS["answer"]}"}}
        """,
    "keep.step.py": f"""
        from datetime import timedelta
        from wistro import EventStep, Retry
        config = EventStep(name="Keep", flows=["f"], subscribes=["asked"], emits=[],
                           retry=Retry(attempts=2, first_delay=timedelta(milliseconds=50)))
        async def handler(message, ctx):
            ctx.heartbeat("{SECRETS["heartbeat"]}")
            ctx.logger.info("{SECRETS["log"]}")
            await ctx.state.set("group", "key", "{SECRETS["state"]}")
            raise RuntimeError("{SECRETS["error"]}")
        """,
    "inline.step.py": """
        from wistro import EventStep
        config = EventStep(name="Inline", flows=["g"], subscribes=["told"], emits=[],
                           placement="inline")
        async def handler(message, ctx):
            return message
        """,
    "wistro.yml": "topics: { told: { external: true } }\n",
}


def plain_texts(folder: Path) -> dict[str, list[str]]:
    """The secrets that stand in a file below the folder, as they are or in base64."""
    found: dict[str, list[str]] = {}
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        for name, secret in SECRETS.items():
            shifted = [base64.b64encode(b"x" * n + secret.encode())[4:-4] for n in range(3)]
            if any(form in content for form in [secret.encode(), *shifted]):
                found.setdefault(name, []).append(path.name)
    return found


async def test_no_plaintext_in_temporals_files(cluster: StartCluster, tmp_path: Path) -> None:
    async with cluster(FILES, "triggers", "worker") as running:
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.post(
                f"{running.url}/ask",
                params={"q": SECRETS["query"]},
                json={"text": SECRETS["body"]},
                headers={"X-Private": SECRETS["header"], "Idempotency-Key": SECRETS["key"]},
            )
            assert answer.text.strip('"') == SECRETS["answer"]
            told = await client.post(
                f"{running.url}/_wistro/topics/told",
                json={"text": SECRETS["topic message"]},
                headers=running.headers,
            )
            assert told.status_code == 202, told.text
        assert await running.settled(2) == {"completed": 1, "failed": 1}
        (failed,) = await running.runs(status="failed")
        async with httpx.AsyncClient(headers=running.headers) as client:
            shown = await client.get(f"{running.url}/_wistro/api/runs/f/{failed['run_id']}")
        # Whoever has the key reads all of it.
        for name in ("body", "header", "query", "emission", "error", "answer"):
            assert SECRETS[name] in json.dumps(shown.json()), name
        await asyncio.sleep(0.5)
        await running.server.stop()
        folder = tmp_path / "temporal"
        assert sum(path.stat().st_size for path in folder.glob("temporal.db*")) > 100_000
        assert plain_texts(folder) == {}


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"..." + SECRETS["body"].encode())
    (tmp_path / "b").write_bytes(base64.b64encode(b"yy" + SECRETS["error"].encode() + b"zzz"))
    assert plain_texts(tmp_path) == {"body": ["a"], "error": ["b"]}
