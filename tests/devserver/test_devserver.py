"""The development server as `wistro dev` uses it."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client

from wistro.errors import SetupError
from wistro.temporal.host.devserver import DevServer, ServerBinary
from wistro.temporal.host.tuning import SEARCH_ATTRIBUTES

pytestmark = pytest.mark.server


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_starts_with_our_search_attributes_and_stops(
    temporal_binary: ServerBinary, tmp_path: Path
) -> None:
    async with DevServer(binary=temporal_binary.path, folder=tmp_path) as server:
        client = await Client.connect(server.address)
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace="default")
        )
        assert set(SEARCH_ATTRIBUTES) <= set(listed.custom_attributes)
        assert server.database
        assert server.database.exists()
        pid = server.pid
        assert pid
        assert os.getpgid(pid) != os.getpgrp()  # Ctrl-C here does not reach it
    assert not alive(pid)
    assert server.pid is None


async def test_keeps_runs_and_ports_over_a_crash(
    temporal_binary: ServerBinary, tmp_path: Path
) -> None:
    async with DevServer(binary=temporal_binary.path, folder=tmp_path, ui=False) as server:
        address = server.address
        client = await Client.connect(address)
        await client.start_workflow("anything", id="orders/1", task_queue="nobody")
        await server.kill()
        await server.start()
        assert server.address == address
        client = await Client.connect(address)
        described = await client.get_workflow_handle("orders/1").describe()
        assert described.workflow_type == "anything"


async def test_memory_server_leaves_no_database(
    temporal_binary: ServerBinary, tmp_path: Path
) -> None:
    options = {"in_memory": True, "ui": False}
    async with DevServer(binary=temporal_binary.path, folder=tmp_path, **options) as server:
        assert server.database is None
        assert server.ui_url is None
    assert [path.name for path in tmp_path.iterdir()] == ["temporal.log"]


async def test_ui_knows_the_codec_server(temporal_binary: ServerBinary, tmp_path: Path) -> None:
    import httpx

    endpoint = "http://127.0.0.1:3000/_wistro/codec"
    async with (
        DevServer(
            binary=temporal_binary.path, folder=tmp_path, in_memory=True, codec_endpoint=endpoint
        ) as server,
        httpx.AsyncClient() as http,
    ):
        found = await http.get(f"{server.ui_url}/api/v1/settings")
        assert found.json()["Codec"]["Endpoint"] == endpoint


async def test_names_a_port_in_use(temporal_binary: ServerBinary, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = DevServer(binary=temporal_binary.path, folder=tmp_path, port=port, ui=False)
        with pytest.raises(SetupError, match=f"port `{port}` is in use") as caught:
            await server.start()
    assert caught.value.code == "port_in_use"
    assert caught.value.hint


async def test_takes_other_ports_when_one_is_gone_again(
    temporal_binary: ServerBinary, tmp_path: Path
) -> None:
    unlucky = tmp_path / "unlucky"
    unlucky.write_text(
        f"""#!/bin/sh
        echo "$@" >> {tmp_path}/tries
        test "$(wc -l < {tmp_path}/tries)" = 1 && echo 'listen tcp: bind: address already in use' && exit 1
        exec {temporal_binary.path} "$@"
        """
    )
    unlucky.chmod(unlucky.stat().st_mode | stat.S_IXUSR)
    async with DevServer(binary=unlucky, folder=tmp_path, ui=False) as server:
        await Client.connect(server.address)
    first, second = (line.split() for line in (tmp_path / "tries").read_text().splitlines())
    assert first != second
    assert str(server.port) in second


async def test_two_servers_never_share_a_database(
    temporal_binary: ServerBinary, tmp_path: Path
) -> None:
    async with DevServer(binary=temporal_binary.path, folder=tmp_path, ui=False) as first:
        second = DevServer(binary=temporal_binary.path, folder=tmp_path, ui=False)
        with pytest.raises(SetupError, match=f"process {first.pid}") as caught:
            await second.start()
        assert caught.value.code == "temporal_database_in_use"
        assert first.pid
    async with DevServer(binary=temporal_binary.path, folder=tmp_path, ui=False) as third:
        assert third.pid


async def test_says_what_the_server_said_when_it_cannot_start(
    temporal_binary: ServerBinary, tmp_path: Path
) -> None:
    (tmp_path / "temporal.db").write_bytes(b"this is no database" * 100)
    server = DevServer(binary=temporal_binary.path, folder=tmp_path, ui=False)
    with pytest.raises(SetupError, match="file is not a database") as caught:
        await server.start()
    assert "temporal.db" in str(caught.value.hint)
    assert server.pid is None


async def test_gives_up_on_a_server_that_never_answers(tmp_path: Path) -> None:
    mute = tmp_path / "temporal"
    mute.write_text("#!/bin/sh\ntrap '' TERM\nsleep 60 & wait; wait\n")
    mute.chmod(mute.stat().st_mode | stat.S_IXUSR)
    server = DevServer(
        binary=mute, folder=tmp_path, in_memory=True, start_seconds=0.3, stop_seconds=0.3
    )
    with pytest.raises(SetupError, match=r"did not answer within 0\.3 seconds"):
        await server.start()


OWNER = """
import asyncio, sys, time
from pathlib import Path
from wistro.temporal.host import devserver

if sys.argv[3] == "orphan":
    devserver.sys = type("sys", (), {"platform": "other"})  # without Linux's help
server = devserver.DevServer(binary=Path(sys.argv[1]), folder=Path(sys.argv[2]), ui=False)
asyncio.run(server.start())
print(server.pid, flush=True)
time.sleep(60)
"""


def killed_owner(binary: Path, folder: Path, mode: str) -> int:
    """Starts a server in a process that is then killed; the server's process id."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(binary), str(folder), mode],
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout
        pid = int(owner.stdout.readline())
        owner.send_signal(signal.SIGKILL)
    return pid


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_dies_with_its_parent(temporal_binary: ServerBinary, tmp_path: Path) -> None:
    pid = killed_owner(temporal_binary.path, tmp_path, "linux")
    deadline = time.monotonic() + 20
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pid)


async def test_replaces_an_orphan(temporal_binary: ServerBinary, tmp_path: Path) -> None:
    orphan = killed_owner(temporal_binary.path, tmp_path, "orphan")
    assert alive(orphan)
    async with DevServer(binary=temporal_binary.path, folder=tmp_path, ui=False) as server:
        assert not alive(orphan)
        assert server.pid
