"""`wistro start` keeps traces where `wistro.yml` says so, on whichever port the triggers are."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.command import post, running, wistro
from tests.cli.test_start import until
from tests.conftest import TemporalServer
from wistro_cli.address import read_address

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.mark.parametrize("asked", [True, False])
def test_traces_are_kept_when_asked_for(
    shop: Path, temporal_server: TemporalServer, asked: bool
) -> None:
    settings = shop / "wistro.yml"
    text = settings.read_text().replace(
        "project: shop", f"project: traced-{asked}-{os.getpid()}".lower()
    )
    settings.write_text(text + ("traces: { keep: 1h }\n" if asked else ""))
    wistro("lock", cwd=shop).ok()
    env = {"TEMPORAL_ADDRESS": temporal_server.address, "WISTRO_TOKEN": "t" * 32}
    with running("start", "--port", "0", cwd=shop, env=env) as command:
        until(lambda: read_address(shop) is not None)
        address = read_address(shop)
        assert address is not None
        url = address.url
        answer = post(f"{url}/greetings", {"name": "Ada"})
        run_id = answer.json()["run"]

        def spans() -> dict[str, Any]:
            headers = {"authorization": f"Bearer {'t' * 32}"}
            flow = httpx.get(f"{url}/_wistro/api/runs/{run_id}", headers=headers).json()["flow"]
            path = f"{url}/_wistro/api/runs/{flow}/{run_id}/spans"
            return httpx.get(path, headers=headers).json()

        if asked:
            until(lambda: any(trace["spans"] for trace in spans()["traces"]))
            assert spans()["tracing"]["goes"] == "here"
        else:
            assert spans() == {"traces": [], "tracing": {"goes": "nowhere", "endpoint": None}}
            assert not (shop / ".wistro/traces.db").exists()
            assert httpx.post(f"{url}/_wistro/otlp/v1/traces").status_code == 404
        assert command.stop(signal.SIGTERM) == 0, command.story()
