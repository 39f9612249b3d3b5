"""`wistro access` and `wistro audit`, and a server with two listeners that learns of keys."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import httpx
import pytest

from tests.cli.command import post, running, wistro
from tests.cli.test_start import until
from tests.conftest import TemporalServer
from wistro.temporal.host.devserver import free_port

SETTINGS = """
flows:
  refunds:
    callable:
      allow: [{key: shop-frontend}, {key: till}]
  ledger:
    callable: { internal: true, access: public }
endpoints:
  internal: { port: 1 }
"""
STEP = """
from wistro import *
config = CallStep(name='Answer', flows=['FLOW'], responds=True)
async def handler(data, ctx): await ctx.respond(ctx.flow)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    (root / "steps").mkdir(parents=True)
    (root / "wistro.yml").write_text(f"project: shop-{os.getpid()}\n{SETTINGS}")
    for flow in ("refunds", "ledger"):
        (root / "steps" / f"{flow}.step.py").write_text(STEP.replace("FLOW", flow))
    return root


def test_a_key_is_shown_once(project: Path) -> None:
    create = ("access", "create", "shop-frontend", "--scope", "call:refunds")
    made = wistro(*create, "--role", "agent", "--expires", "90d", cwd=project).ok()
    text = made.out.strip()
    assert text.startswith("wk_")
    assert text not in made.err
    (listed,) = wistro("access", "list", "--json", cwd=project).ok().json()
    assert (listed["name"], listed["scopes"]) == ("shop-frontend", ["call:refunds"])
    assert "digest" not in listed
    assert (project / ".wistro" / "access.json").stat().st_mode & 0o777 == 0o600
    table = wistro("access", "list", cwd=project).ok().out
    assert "shop-frontend" in table
    assert text not in table
    again = wistro(*create, cwd=project)
    assert (again.code, "there is a key `shop-frontend` already" in again.err) == (1, True)
    wistro("access", "revoke", "shop-frontend", cwd=project).ok()
    gone = wistro("access", "revoke", "shop-frontend", cwd=project)
    assert (gone.code, "there is no key `shop-frontend`" in gone.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", "--scope", "calls"), "`--scope`: expected `call:*`"),
        (("a b", "--scope", "inbox"), "`NAME`: expected letters"),
        (("a", "--scope", "inbox", "--expires", "soon"), "`--expires`: expected seconds"),
    ],
)
def test_what_no_key_can_be(project: Path, arguments: tuple[str, ...], message: str) -> None:
    ended = wistro("access", "create", *arguments, cwd=project)
    assert (ended.code, message in ended.err) == (1, True), ended.err
    assert not (project / ".wistro" / "access.json").exists()


def test_a_name_of_the_settings_is_taken(project: Path) -> None:
    with (project / "wistro.yml").open("a") as settings:
        settings.write("auth: { keys: { front: { secret: FRONT } } }\n")
    ended = wistro("access", "create", "front", "--scope", "inbox", cwd=project)
    assert (ended.code, "has a key `front` already" in ended.err) == (1, True)


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_server_with_two_listeners(project: Path, temporal_server: TemporalServer) -> None:
    wistro("lock", cwd=project).ok()
    port, internal = free_port(), free_port()
    public = f"http://127.0.0.1:{port}"
    env = {"TEMPORAL_ADDRESS": temporal_server.address}
    listen = ("--port", str(port), "--internal-port", str(internal))
    with running("start", *listen, cwd=project, env=env) as command:
        inner = f"http://127.0.0.1:{internal}"
        until(lambda: httpx.get(f"{inner}/_wistro/health").status_code == 200)
        assert httpx.get(f"{public}/_wistro/health").status_code == 404
        address = json.loads((project / ".wistro" / "api.json").read_text())
        assert address["url"] == inner
        call = {"input": 1}
        assert post(f"{public}/call/refunds", call).status_code == 401
        made = wistro("access", "create", "till", "--scope", "call:refunds", cwd=project).ok()
        key = {"x-api-key": made.out.strip()}
        until(lambda: post(f"{public}/call/refunds", call, **key).status_code == 200)
        assert post(f"{public}/call/ledger", call).status_code == 404
        assert post(f"{inner}/call/ledger", call).json()["data"] == "ledger"
        wistro("access", "revoke", "till", cwd=project).ok()
        assert post(f"{public}/call/refunds", call, **key).status_code == 401
        until(lambda: len(wistro("audit", "--json", cwd=project).ok().json()) == 3)
        audit = wistro("audit", "--flow", "refunds", "--since", "1h", "--json", cwd=project)
        reasons = [entry["reason"] for entry in audit.ok().json()]
        assert reasons == ["credentials_unknown", "unauthenticated"]
        assert "credentials_unknown" in wistro("audit", "-n", "1", cwd=project).ok().out
        # The command line goes by the internal listener too.
        called = wistro("call", "refunds", "--input", "1", cwd=project).ok()
        assert called.json() == "refunds"
        assert command.stop(signal.SIGTERM) == 0, command.story()
