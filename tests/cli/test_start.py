"""`wistro start`: the parts of a project in processes of their own, from the lock alone."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.cli.command import post, running, wistro
from tests.conftest import TemporalServer

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(180)]


def until(look: Callable[[], bool], *, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            if look():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError("it did not become true in time")


@pytest.fixture
def locked(shop: Path) -> Path:
    """A project with a lock, and with settings that nobody can read: only the lock counts."""
    # The tests share a Temporal server, so the queues need a name of their own.
    settings = (
        (shop / "wistro.yml").read_text().replace("project: shop", f"project: shop-{os.getpid()}")
    )
    (shop / "wistro.yml").write_text(settings)
    wistro("lock", cwd=shop).ok()
    (shop / "wistro.yml").write_text("colour: red\n")
    return shop


def test_parts_in_processes_of_their_own(
    locked: Path, temporal_server: TemporalServer, free_port: int
) -> None:
    url = f"http://127.0.0.1:{free_port}"
    env = {"TEMPORAL_ADDRESS": temporal_server.address, "WISTRO_TOKEN": "t" * 32}
    worker_env = {**env, "WISTRO_API": url}
    with running(
        "start", "--only", "triggers", "-p", str(free_port), cwd=locked, env=env
    ) as triggers:
        until(lambda: httpx.get(f"{url}/_wistro/health").status_code == 200)
        with running("start", "--only", "runs,steps", cwd=locked, env=worker_env) as worker:
            answer = post(f"{url}/greetings", {"name": "Ada"})
            assert answer.status_code == 202
            run_id = answer.json()["run"]
            far = {"WISTRO_API": url, "WISTRO_TOKEN": "t" * 32}

            def completed() -> bool:
                shown = wistro("runs", "show", run_id, "--json", cwd=locked, env=far).ok().json()
                return shown["status"] == "completed"

            until(completed)
            value = wistro("state", "get", "greetings", run_id, cwd=locked, env=far).ok().json()
            assert value["text"] == "Hello, Ada!"
            assert worker.stop(signal.SIGTERM) == 0, worker.story()
            logged = [json.loads(line) for line in worker.errors]
            assert any(line["event"] == "Hello, Ada!" and line["run"] == run_id for line in logged)
            assert worker.lines == []
        assert triggers.stop(signal.SIGTERM) == 0, triggers.story()
        assert "Traceback" not in triggers.story()


def test_everything_in_one_process(
    locked: Path, temporal_server: TemporalServer, free_port: int
) -> None:
    url = f"http://127.0.0.1:{free_port}"
    env = {"TEMPORAL_ADDRESS": temporal_server.address}
    with running("start", "--port", str(free_port), "--drain", "2", cwd=locked, env=env) as command:
        until(lambda: post(f"{url}/greetings", {"name": "Ada"}).status_code == 202)
        # Where it is, the other commands know from its address file.
        until(lambda: bool(wistro("runs", "list", "--json", cwd=locked).ok().json()))
        token = (locked / ".wistro" / "token").read_text().strip()
        metrics = httpx.get(f"{url}/_wistro/metrics", headers={"authorization": f"Bearer {token}"})
        assert "wistro_runs_total" in metrics.text
        assert command.stop(signal.SIGINT) == 130, command.story()
    assert not (locked / ".wistro" / "api.json").exists()


def test_temporal_may_come_later(
    locked: Path, temporal_server: TemporalServer, free_port: int
) -> None:
    url = f"http://127.0.0.1:{free_port}"
    env = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    with running("start", "--port", str(free_port), cwd=locked, env=env) as command:
        until(lambda: httpx.get(f"{url}/_wistro/health").status_code == 200)
        away = post(f"{url}/greetings", {"name": "Ada"})
        assert away.status_code == 503
        assert "retry-after" in away.headers
        command.wait_for_line("waiting for Temporal")
        assert command.stop(signal.SIGTERM) == 0, command.story()


def test_a_port_in_use(locked: Path, temporal_server: TemporalServer, free_port: int) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port))
        taken.listen()
        ended = wistro(
            "start",
            "--only",
            "triggers",
            "--port",
            str(free_port),
            cwd=locked,
            env={"TEMPORAL_ADDRESS": temporal_server.address},
        )
    assert ended.code == 1
    assert f"port `{free_port}`" in ended.err.splitlines()[-2]
    assert "hint: " in ended.err


def test_metrics_of_a_worker(locked: Path, temporal_server: TemporalServer, free_port: int) -> None:
    env = {"TEMPORAL_ADDRESS": temporal_server.address, "WISTRO_METRICS_PORT": str(free_port)}
    with running("start", "--only", "runs,steps", cwd=locked, env=env) as worker:
        worker.wait_for_line("working on runs")
        assert "wistro_" in httpx.get(f"http://127.0.0.1:{free_port}/metrics").text
        assert worker.stop(signal.SIGTERM) == 0, worker.story()
    with running("start", "--only", "runs", cwd=locked, env=env) as runs_only:
        runs_only.wait_for_line("working on runs")
        taken = wistro("start", "--only", "runs", cwd=locked, env=env)
        assert taken.code == 1
        assert f"the port `{free_port}` cannot be listened on for metrics" in taken.err
        assert runs_only.stop(signal.SIGTERM) == 0


def test_spans_are_exported(locked: Path, temporal_server: TemporalServer, free_port: int) -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    received: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as collector:
        Thread(target=collector.serve_forever, daemon=True).start()
        env = {
            "TEMPORAL_ADDRESS": temporal_server.address,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
        }
        url = f"http://127.0.0.1:{free_port}"
        with running("start", "--port", str(free_port), cwd=locked, env=env) as command:
            until(lambda: post(f"{url}/greetings", {"name": "Ada"}).status_code == 202)
            assert command.stop(signal.SIGTERM) == 0, command.story()
        collector.shutdown()
    assert b"ask_for_greeting" in b"".join(received)
