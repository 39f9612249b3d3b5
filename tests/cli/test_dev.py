"""`wistro dev` from its first line to its last, on a real server, as somebody at a terminal has it."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.cli.command import Ended, Running, post, running, wistro
from wistro.temporal.host.serverbinary import ServerBinary

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(240)]

HOLDS = '''"""Fails until it is told not to."""

from wistro import Context, EventStep, Retry, Terminal

config = EventStep(
    name="Ship the parcel",
    flows=["parcels"],
    subscribes=["parcel.packed"],
    on_failure="hold",
)


async def handler(parcel: dict, ctx: Context) -> None:
    if not parcel.get("address"):
        raise Terminal("the parcel has no address")
    ctx.logger.info("shipped to", address=parcel["address"])
    await ctx.state.set("parcels", str(parcel["id"]), parcel)
'''
SLOW = '''"""Takes longer than anybody waits."""

import asyncio

from wistro import Context, EventStep

config = EventStep(name="Wait for the courier", flows=["parcels"], subscribes=["courier.called"])


async def handler(call: dict, ctx: Context) -> None:
    ctx.logger.info("waiting")
    await asyncio.sleep(600)
'''
SETTINGS = """
project: shop
topics:
  parcel.packed: { external: true }
  courier.called: { external: true }
"""


@dataclass(frozen=True)
class Dev:
    """A project that `wistro dev --json` runs."""

    root: Path
    command: Running
    url: str

    def wistro(self, *arguments: str, stdin: str = "") -> Ended:
        return wistro(*arguments, cwd=self.root, stdin=stdin)

    def greet(self, name: str) -> str:
        """Ask for a greeting; the run's id."""
        answer = post(f"{self.url}/greetings", {"name": name})
        assert answer.status_code == 202, answer.text
        return answer.json()["run"]

    def runs(self, *options: str) -> list[dict[str, Any]]:
        return self.wistro("runs", "list", "--json", *options).ok().json()

    def ended(self, run_id: str, kind: str = "run.completed") -> dict[str, Any]:
        return self.command.wait_for(kind, run_id=run_id)


@pytest.fixture(scope="module")
def dev(
    template_hello: Path, temporal_binary: ServerBinary, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dev]:
    root = shutil.copytree(template_hello, tmp_path_factory.mktemp("dev") / "shop")
    (root / "wistro.yml").write_text(SETTINGS)
    (root / "steps" / "ship.step.py").write_text(HOLDS)
    (root / "steps" / "courier.step.py").write_text(SLOW)
    with running("dev", "--json", "--port", "0", "--drain", "1", cwd=root) as command:
        places = command.wait_for("dev.running", timeout=90)
        yield Dev(root, command, places["api"])


def eventually(look: Any, *, timeout: float = 30) -> Any:
    """What `look` gives once it gives something: listings lag a moment behind."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError("nothing was found in time")


def test_a_request_becomes_a_run(dev: Dev) -> None:
    run_id = dev.greet("Ada")
    dev.command.wait_for("log", run_id=run_id, message="Hello, Ada!", step="write_greeting")
    dev.ended(run_id)
    [run] = eventually(lambda: [run for run in dev.runs() if run["run_id"] == run_id])
    assert run["flow"] == "greetings"
    assert run["trigger"] == "api:ask_for_greeting"
    eventually(lambda: [r for r in dev.runs("--status", "completed") if r["run_id"] == run_id])
    assert dev.runs("--flow", "greetings", "--trigger", "api", "-n", "1")
    assert dev.runs("--since", "2000-01-01T00:00:00Z", "--until", "2000-01-02T00:00:00Z") == []
    assert run_id[:12] in dev.wistro("runs", "list").ok().out
    assert [run["run_id"] for run in dev.runs("--text", run_id[7:20])] == [run_id]
    assert dev.runs("--text", f"{run_id[7:20]}z") == []


def test_a_run_is_shown(dev: Dev) -> None:
    run_id = dev.greet("Grace")
    dev.ended(run_id)
    detail = dev.wistro("runs", "show", run_id, "--json").ok().json()
    assert [delivery["step"] for delivery in detail["deliveries"]] == [
        "ask_for_greeting",
        "write_greeting",
    ]
    assert detail["deliveries"][1]["input"] == {"name": "Grace"}
    shown = dev.wistro("runs", "show", f"greetings/{run_id}").ok().out
    assert "write_greeting" in shown
    assert "greeting.asked" in shown
    eventually(lambda: dev.wistro("runs", "show", run_id[:10]).code == 0)
    delivery = dev.wistro("runs", "show", run_id, "2").ok().out
    assert '"name": "Grace"' in delivery
    assert dev.wistro("runs", "show", run_id, "2", "--json").ok().json()["step"] == "write_greeting"


def test_the_log_of_a_run(dev: Dev) -> None:
    run_id = dev.greet("Edsger")
    followed = dev.wistro("runs", "logs", run_id, "--follow", "--json").ok()
    kinds = [line["kind"] for line in map(_parse, followed.out.splitlines())]
    assert kinds[0] == "run.started"
    assert kinds[-1] == "run.completed"
    shown = dev.wistro("runs", "logs", run_id).ok().out
    assert "Hello, Edsger!" in shown
    only = (
        dev.wistro("runs", "logs", run_id, "--step", "write_greeting", "--level", "info").ok().out
    )
    assert "ask_for_greeting" not in only


def test_following_ends_with_ctrl_c(dev: Dev) -> None:
    with running("runs", "logs", "--follow", cwd=dev.root) as following:
        # Only what comes once it follows is told.
        greeted: list[str] = []

        def told() -> list[str]:
            greeted.append(dev.greet("Niklaus"))
            return [line for line in following.lines if "Hello, Niklaus!" in line]

        line = eventually(told)[0]
        assert any(run_id[:8] in line for run_id in greeted)
        assert following.stop(signal.SIGINT) == 130
        assert following.errors == []


def test_a_run_that_there_is_not(dev: Dev) -> None:
    for given in ("f" * 32, "greetings/" + "f" * 32, "zzzz", "greetings/zzzz"):
        ended = dev.wistro("runs", "show", given)
        assert ended.code == 1
        assert "error: there is no run" in ended.err
        assert "hint: " in ended.err


def test_a_message_from_outside(dev: Dev) -> None:
    told = dev.wistro("emit", "greeting.asked", "-m", '{"name": "Barbara"}', "--json").ok().json()
    [run] = told["runs"]
    dev.command.wait_for("log", run_id=run["run_id"], message="Hello, Barbara!")
    again = [
        dev.wistro(
            "emit", "greeting.asked", "-m", "-", "--idempotency-key", "k1", stdin='{"name":"B"}'
        )
        .ok()
        .out
        for _ in range(2)
    ]
    assert again[0].strip() in again[1]
    assert "existed already" in again[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("greeting.askd", "-m", "{}"), "did you mean `greeting.asked`?"),
        (("greeting.asked", "-m", '{"nam": 1}'), "does not fit the schema"),
        (("greeting.asked", "-m", '{"name": "A"}', "--after", "soon"), "soon"),
    ],
)
def test_a_message_that_is_refused(arguments: tuple[str, ...], said: str, dev: Dev) -> None:
    ended = dev.wistro("emit", *arguments)
    assert ended.code == 1
    assert ended.err.startswith("error: ")
    assert said in ended.err
    assert "hint: " in ended.err


def test_a_held_delivery_is_retried_with_other_input(dev: Dev) -> None:
    run = _emit(dev, "parcel.packed", '{"id": 7}')
    dev.command.wait_for("delivery.held", run_id=run)
    eventually(lambda: [r for r in dev.runs("--status", "held") if r["run_id"] == run])
    assert "no address" in dev.wistro("runs", "show", run).ok().out
    data = '{"id": 7, "address": "Main Street"}'
    retried = dev.wistro("runs", "retry", run, "-d", data).ok()
    assert "`ship` is made again" in retried.err
    dev.ended(run)
    value = dev.wistro("state", "get", "parcels", "7").ok().json()
    assert value == {"id": 7, "address": "Main Street"}


def test_a_held_delivery_is_skipped(dev: Dev) -> None:
    run = _emit(dev, "parcel.packed", '{"id": 8}')
    dev.command.wait_for("delivery.held", run_id=run)
    refused = dev.wistro("runs", "skip", run, "nothing")
    assert refused.code == 1
    assert "has no delivery called `nothing`" in refused.err
    assert dev.wistro("runs", "skip", run, "--json").ok().json()["run_id"] == run
    dev.ended(run)


def test_repairs_are_foreseen_and_nothing_is_done(dev: Dev) -> None:
    run = _emit(dev, "parcel.packed", '{"id": 9}')
    dev.command.wait_for("delivery.held", run_id=run)
    seen = dev.wistro("runs", "retry", run, "--dry-run").ok().out
    assert "is made again in this run, with the same input" in seen
    forked = dev.wistro("runs", "fork", run, "--delivery", "1", "--dry-run", "--json").ok().json()
    assert (forked["possible"], forked["new_run"]) == (True, True)
    assert "is asked to end" in dev.wistro("runs", "cancel", run, "--dry-run").ok().out
    assert [r for r in dev.runs("--status", "held") if r["run_id"] == run]


def test_what_is_held_is_released_in_bulk(dev: Dev) -> None:
    runs = {_emit(dev, "parcel.packed", f'{{"id": {id}}}') for id in (10, 11, 12)}
    for run in runs:
        dev.command.wait_for("delivery.held", run_id=run)
    eventually(lambda: runs <= {r["run_id"] for r in dev.runs("--status", "held")})
    time.sleep(4)  # what runs said is believed for a moment
    seen = dev.wistro("runs", "release", "--step", "ship", "--dry-run").ok()
    assert all(run in seen.out for run in runs)
    assert "nothing was done" in seen.err
    none = dev.wistro("runs", "release", "--step", "nothing").ok()
    assert "Nothing like that is held" in none.err
    lines = dev.wistro("runs", "release", "--step", "ship", "--skip", "--json").ok().out
    *items, end = [json.loads(line) for line in lines.splitlines()]
    assert runs <= {item["run_id"] for item in items if item["outcome"] == "done"}
    assert (end["kind"], end["failed"]) == ("end", 0)
    for run in runs:
        dev.ended(run)


def test_a_run_is_cancelled(dev: Dev) -> None:
    run = _emit(dev, "courier.called", "{}")
    dev.command.wait_for("log", run_id=run, message="waiting")
    assert "to end" in dev.wistro("runs", "cancel", run).ok().err
    dev.ended(run, "run.cancelled")
    refused = eventually(lambda: (again := dev.wistro("runs", "cancel", run)).code and again)
    assert refused.code == 1
    assert "has ended already" in refused.err
    forked = dev.wistro("runs", "fork", run)
    assert forked.code in (0, 1)
    assert "Traceback" not in forked.err


def test_state_from_the_command_line(dev: Dev) -> None:
    dev.wistro("state", "set", "limits", "daily", "100").ok()
    dev.wistro("state", "set", "limits", "a/b c", "-", stdin='{"deep": [1]}').ok()
    assert "limits" in dev.wistro("state", "groups", "--json").ok().json()
    assert "limits" in dev.wistro("state", "groups").ok().out.split()
    entries = dev.wistro("state", "list", "limits", "--json").ok().json()
    assert {entry["key"]: entry["value"] for entry in entries} == {
        "a/b c": {"deep": [1]},
        "daily": 100,
    }
    assert "daily" in dev.wistro("state", "list", "limits").ok().out
    entry = dev.wistro("state", "get", "limits", "daily", "--json").ok().json()
    stale = dev.wistro("state", "set", "limits", "daily", "1", "--if-version", "999999")
    assert stale.code == 1
    version = str(entry["version"])
    dev.wistro("state", "set", "limits", "daily", "1", "--if-version", version, "--json").ok()
    assert dev.wistro("state", "set", "limits", "daily", "1", "--if-absent").code == 1
    assert dev.wistro("state", "set", "limits", "daily", "nope").code == 1
    assert "removed 1 entry" in dev.wistro("state", "delete", "limits", "daily").ok().err
    missing = dev.wistro("state", "get", "limits", "daily")
    assert missing.code == 1
    assert "error: The group `limits` has no entry `daily`" in missing.err
    assert dev.wistro("state", "delete", "limits").code == 1
    dev.wistro("state", "delete", "limits", "--all").ok()
    assert dev.wistro("state", "list", "limits", "--json").ok().json() == []


def test_stored_histories_are_replayed(dev: Dev) -> None:
    run_id = dev.greet("Tony")
    dev.ended(run_id)
    [replayed] = dev.wistro("replay", run_id, "--save", "kept", "--json").ok().json()
    assert replayed["workflow_id"] == f"greetings/{run_id}"
    assert replayed["error"] is None
    [kept] = (dev.root / "kept").glob("*.json")
    assert "Tony" not in kept.read_text()
    assert "1 history as before" in dev.wistro("replay", str(kept)).ok().err
    # Another outcome than the code of today would reach:
    kept.write_text(kept.read_text().replace("write_greeting", "ask_for_greeting"))
    ended = dev.wistro("replay", str(kept))
    assert ended.code == 1
    assert "no  greetings/" in ended.out
    assert dev.wistro("replay", "--all", "--json").ok().json()


def test_the_api_asks_for_the_token(dev: Dev) -> None:
    ended = wistro(
        "runs", "list", cwd=dev.root, env={"WISTRO_API": dev.url, "WISTRO_TOKEN": "wrong"}
    )
    assert ended.code == 1
    assert "hint: set WISTRO_TOKEN" in ended.err
    token = (dev.root / ".wistro" / "token").read_text().strip()
    far = {"WISTRO_API": dev.url, "WISTRO_TOKEN": token}
    wistro("runs", "list", cwd=Path("/"), env=far).ok()


def test_one_dev_at_a_time(dev: Dev) -> None:
    ended = dev.wistro("dev")
    assert ended.code == 1
    assert "error: `wistro dev` runs already" in ended.err
    assert f"process {dev.command.process.pid}" in ended.err
    dev.runs()  # the other one is as reachable as before


def test_a_changed_step_is_loaded_again(dev: Dev) -> None:
    step = dev.root / "steps" / "write_greeting.step.py"
    since = dev.command.mark()
    step.write_text(step.read_text().replace("Hello", "Welcome"))
    reloaded = dev.command.wait_for("dev.reloaded", since=since)
    assert "write_greeting" in " ".join(reloaded["changes"])
    run_id = dev.greet("Alan")
    dev.command.wait_for("log", run_id=run_id, message="Welcome, Alan!")


def test_a_new_endpoint_is_served(dev: Dev) -> None:
    since = dev.command.mark()
    (dev.root / "steps" / "ping.step.py").write_text(
        "from wistro import ApiStep\n"
        "config = ApiStep(name='Ping', flows=['health'], method='GET', path='/ping')\n"
        "async def handler(request, ctx):\n    return {'pong': True}\n"
    )
    dev.command.wait_for("dev.reloaded", since=since)

    def pong() -> bool:
        answer = httpx.get(f"{dev.url}/ping", timeout=10)
        return answer.status_code == 200 and answer.json() == {"pong": True}

    eventually(pong)


def test_schedules_follow_the_files(dev: Dev) -> None:
    since = dev.command.mark()
    step = dev.root / "steps" / "count_greetings.step.py"
    step.write_text(step.read_text().replace("0 * * * *", "17 4 * * *"))
    dev.command.wait_for("dev.reloaded", since=since)
    token = (dev.root / ".wistro" / "token").read_text().strip()

    def changed() -> bool:
        answer = httpx.get(
            f"{dev.url}/_wistro/api/schedules", headers={"authorization": f"Bearer {token}"}
        )
        [schedule] = answer.json()
        return bool(schedule["next_ticks"]) and "T04:17:00" in schedule["next_ticks"][0]

    eventually(changed)


def test_a_broken_file_does_not_stop_what_runs(dev: Dev) -> None:
    step = dev.root / "steps" / "write_greeting.step.py"
    good = step.read_text()
    since = dev.command.mark()
    step.write_text(good + "\n)\n")
    problem = dev.command.wait_for("dev.problem", since=since)
    assert problem["file"] == "steps/write_greeting.step.py"
    dev.command.wait_for("dev.note", since=since, message="what ran before goes on")
    dev.ended(dev.greet("Kurt"))
    since = dev.command.mark()
    step.write_text(good + "\n# mended\n")
    dev.command.wait_for("dev.reloaded", since=since)
    dev.ended(dev.greet("Alonzo"))


def test_wrong_settings_do_not_stop_what_runs(dev: Dev) -> None:
    since = dev.command.mark()
    (dev.root / "wistro.yml").write_text(SETTINGS + "colour: red\n")
    told = dev.command.wait_for("dev.error", since=since)
    assert "colour" in told["message"]
    dev.ended(dev.greet("Emmy"))
    (dev.root / "wistro.yml").write_text(SETTINGS)


def test_a_setting_of_this_machine_reaches_the_steps(dev: Dev) -> None:
    since = dev.command.mark()
    (dev.root / "steps" / "setting.step.py").write_text(
        "import os\nfrom wistro import ApiStep\n"
        "config = ApiStep(name='Setting', flows=['health'], method='GET', path='/setting')\n"
        "async def handler(request, ctx):\n    return {'colour': os.environ.get('COLOUR')}\n"
    )
    dev.command.wait_for("dev.reloaded", since=since)

    def colour() -> str:
        try:
            return httpx.get(f"{dev.url}/setting", timeout=10).json().get("colour", "?")
        except httpx.HTTPError:
            return "?"

    eventually(lambda: colour() is None)
    since = dev.command.mark()
    (dev.root / ".env").write_text("COLOUR='dark blue' # of the door\n")
    dev.command.wait_for("dev.reloaded", since=since)
    eventually(lambda: colour() == "dark blue")


@pytest.mark.parametrize("part", ["runs,steps", "triggers"])
def test_a_part_that_crashes_is_started_again(part: str, dev: Dev) -> None:
    since = dev.command.mark()
    child = dev.command.child(part)
    child.kill()
    crashed = dev.command.wait_for("dev.crashed", since=since)
    assert crashed["code"] == -9

    def works() -> bool:
        try:
            dev.ended(dev.greet("John"))
        except httpx.HTTPError:
            return False
        return True

    eventually(works, timeout=60)
    assert dev.command.child(part).pid != child.pid


def test_the_temporal_server_is_started_again(dev: Dev) -> None:
    since = dev.command.mark()
    dev.command.child("start-dev").kill()
    dev.command.wait_for("dev.crashed", since=since, process="Temporal server")
    eventually(lambda: _started(dev), timeout=60)


def test_ctrl_c_stops_everything(template_hello: Path, tmp_path: Path) -> None:
    root = shutil.copytree(template_hello, tmp_path / "shop")
    with running("dev", "--port", "0", cwd=root) as command:
        command.wait_for_line("is running (1 flow, 3 steps", timeout=90)
        url = command.wait_for_line("API").split()[-1]
        post(f"{url}/greetings", {"name": "Ada"})
        command.wait_for_line("Hello, Ada!")
        command.wait_for_line("✓ completed in")
        assert command.wait_for_line("Temporal UI")
        processes = command.children()
        assert len(processes) == 3
        began = time.monotonic()
        assert command.stop(signal.SIGINT) == 130
        assert time.monotonic() - began < 15
        _, alive = psutil.wait_procs(processes, timeout=5)
        assert alive == []
        assert not (root / ".wistro" / "api.json").exists()
        assert "Traceback" not in command.story()


def test_nothing_is_left_when_dev_is_killed(template_hello: Path, tmp_path: Path) -> None:
    root = shutil.copytree(template_hello, tmp_path / "shop")
    with running("dev", "--json", "--port", "0", "--drain", "1", cwd=root) as command:
        command.wait_for("dev.running", timeout=90)
        processes = command.children()
        command.process.kill()
        _, alive = psutil.wait_procs(processes, timeout=20)
        assert alive == []


def test_ctrl_c_while_it_starts(template_hello: Path, tmp_path: Path) -> None:
    root = shutil.copytree(template_hello, tmp_path / "shop")
    with running("dev", "--json", "--port", "0", cwd=root) as command:
        eventually(command.children)
        time.sleep(1)
        processes = command.children()
        assert command.stop(signal.SIGINT) == 130
        _, alive = psutil.wait_procs(processes, timeout=10)
        assert alive == []
        assert "Traceback" not in command.story()


def test_a_missing_secret_is_told_and_waited_for(tmp_path: Path) -> None:
    wistro("new", "hooks", "-t", "webhook", cwd=tmp_path).ok()
    root = tmp_path / "hooks"
    secret = (root / ".env").read_text()
    (root / ".env").unlink()
    with running("dev", "--json", "--port", "0", cwd=root) as command:
        refused = command.wait_for("dev.refused", process="triggers", timeout=90)
        assert "WEBHOOK_SECRET" in refused["message"]
        (root / ".env").write_text(secret)
        places = command.wait_for("dev.running", timeout=90)
        refused = post(f"{places['api']}/webhooks", {"kind": "ping"})
        assert refused.status_code == 401
        sent = _python(root, "send.py", '{"kind": "ping"}', places["api"].rpartition(":")[2])
        assert sent.startswith("202")
        command.wait_for("log", step="handle_webhook", message="Handled")


def _started(dev: Dev) -> bool:
    try:
        run_id = post(f"{dev.url}/greetings", {"name": "Donald"}).json()["run"]
    except (httpx.HTTPError, KeyError):
        return False
    dev.ended(run_id)
    return True


def _emit(dev: Dev, topic: str, message: str) -> str:
    [run] = dev.wistro("emit", topic, "-m", message, "--json").ok().json()["runs"]
    return run["run_id"]


def _parse(line: str) -> dict[str, Any]:
    import json

    return json.loads(line)


def _python(folder: Path, *arguments: str) -> str:
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout
