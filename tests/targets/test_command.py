"""`wistro answers` and `wistro call --respond-to`, against a project that runs."""

from __future__ import annotations

import json
import os
import textwrap
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.cli.command import running, wistro
from tests.cli.test_start import until
from tests.conftest import TemporalServer
from tests.targets.receiver import SECRET

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(180)]

ASK = """
    from wistro import CallStep
    config = CallStep(name="Ask", flows=["ask"], responds=True)
    async def handler(question, ctx):
        return {"echo": question}
    """
SETTINGS = """
project: answers-{pid}
answers:
  retry: [0.1s]
  webhooks: {{ secret: HOOK_SECRET, allow: ["http://127.0.0.1:*/*"] }}
"""


class Refusing(BaseHTTPRequestHandler):
    """Says 410 until the test has it accept."""

    accepts = False
    seen: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        type(self).seen.append(self.headers["webhook-id"])
        self.send_response(200 if type(self).accepts else 410)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[str]:
    """The address of a receiver that refuses."""
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    thread.join()
    server.server_close()


def test_from_a_call_to_a_repaired_delivery(
    tmp_path: Path, temporal_server: TemporalServer, receiver: str
) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "ask.step.py").write_text(textwrap.dedent(ASK))
    (tmp_path / "wistro.yml").write_text(SETTINGS.format(pid=os.getpid()))
    wistro("lock", cwd=tmp_path).ok()
    env = {"TEMPORAL_ADDRESS": temporal_server.address, "HOOK_SECRET": SECRET}
    with running("start", "--port", "0", "--drain", "1", cwd=tmp_path, env=env):
        until(lambda: wistro("runs", "list", "--json", cwd=tmp_path).code == 0)
        to = json.dumps({"target": "webhook", "url": receiver})
        called = wistro("call", "ask", "-i", "1", "--respond-to", to, "--json", cwd=tmp_path).ok()
        call_id = called.json()["call_id"]
        assert called.json()["status"] == "pending"
        listing = ("answers", "list", "--status", "undelivered", "--json")
        until(lambda: wistro(*listing, cwd=tmp_path).json() != [])
        (listed,) = wistro(*listing, cwd=tmp_path).json()
        assert (listed["run_id"], listed["target"]) == (call_id, "webhook")
        assert call_id in wistro("answers", "list", cwd=tmp_path).ok().out

        shown = wistro("answers", "show", call_id[:12], cwd=tmp_path).ok().out
        assert "410" in shown
        assert "refused" in shown

        Refusing.accepts = True
        wistro("answers", "redeliver", f"ask/{call_id}", cwd=tmp_path).ok()
        show = ("answers", "show", f"ask/{call_id}", "--json")
        until(lambda: wistro(*show, cwd=tmp_path).json()[0]["status"] == "delivered")
        assert Refusing.seen == [f"{call_id}.answer"] * 2

        wrong = wistro("call", "ask", "--respond-to", '{"target": "fax"}', cwd=tmp_path)
        assert (wrong.code, "respond_to.target" in wrong.err) == (1, True)
        missing = wistro("answers", "show", "ask/" + "0" * 32, cwd=tmp_path)
        assert (missing.code, "wistro answers list" in missing.err) == (1, True)
