"""`wistro dev` with three languages: a process each, started anew only when it is concerned."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.command import Running, post, running, wistro
from tests.cli.languages import CHARGE, SHIP, write_shop
from tests.cli.test_dev import eventually
from wistro.temporal.host.serverbinary import ServerBinary

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Dev:
    root: Path
    command: Running
    url: str

    def order(self, *, charge: str = "charged", ship: str = "shipped") -> None:
        """Place an order, and wait until all languages have logged what they are to log."""
        run_id = post(f"{self.url}/orders", {"id": "7"}).json()["run"]
        for step, message in {"charge": charge, "ship": ship, "thank": "thanked"}.items():
            self.command.wait_for("log", run_id=run_id, step=step, message=message)
        self.command.wait_for("run.completed", run_id=run_id)

    def pids(self) -> dict[str, int]:
        """The process of each language."""
        parts = {"python": "runs,steps", "node": "node.json", "go": "go.json"}
        found: dict[str, int] = {}
        for child in self.command.children():
            # One of them may end while we look.
            with suppress(psutil.Error):
                arguments = child.cmdline()
                for language, part in parts.items():
                    if any(part in argument for argument in arguments):
                        found[language] = child.pid
        return found

    def write(self, name: str, text: str) -> int:
        """Write a file; the mark to wait from."""
        since = self.command.mark()
        (self.root / name).write_text(textwrap.dedent(text).lstrip("\n"))
        return since

    def write_and_wait(self, name: str, text: str) -> None:
        since = self.write(name, text)
        self.command.wait_for("dev.reloaded", since=since)


@pytest.fixture(scope="module")
def dev(temporal_binary: ServerBinary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    root = write_shop(tmp_path_factory.mktemp("languages") / "shop")
    with running("dev", "--json", "--port", "0", "--drain", "1", cwd=root) as command:
        places = command.wait_for("dev.running", timeout=200)
        yield Dev(root, command, places["api"])


def test_a_run_goes_through_three_languages(dev: Dev) -> None:
    dev.order()
    assert set(dev.pids()) == {"python", "node", "go"}
    printed = [line for line in dev.command.documents() if line["kind"] == "dev.output"]
    assert printed == []


def test_changed_typescript_restarts_node_alone(dev: Dev) -> None:
    before = dev.pids()
    dev.write_and_wait("steps/charge.step.ts", CHARGE.replace("'charged'", "'charged again'"))
    dev.order(charge="charged again")
    after = dev.pids()
    assert {language for language in before if before[language] != after[language]} == {"node"}


def test_changed_go_is_built_and_restarts_go_alone(dev: Dev) -> None:
    before = dev.pids()
    dev.write_and_wait("steps/ship.step.go", SHIP.replace('"shipped"', '"shipped again"'))
    dev.order(charge="charged again", ship="shipped again")
    after = dev.pids()
    assert {language for language in before if before[language] != after[language]} == {"go"}


def test_broken_files_are_named_and_what_ran_goes_on(dev: Dev) -> None:
    before = dev.pids()
    since = dev.write("steps/ship.step.go", SHIP.replace("paid.ID", "paid.Nothing"))
    problem = dev.command.wait_for("dev.problem", since=since, file="steps/ship.step.go")
    assert problem["line"] == 15
    assert "Nothing" in problem["message"]
    since = dev.write("steps/charge.step.ts", CHARGE + "\nexport const oops = {\n")
    problem = dev.command.wait_for("dev.problem", since=since, file="steps/charge.step.ts")
    assert problem["line"]
    dev.order(charge="charged again", ship="shipped again")
    # A Python step is loaded again all the same.
    thank = (dev.root / "steps/thank.step.py").read_text()
    dev.write_and_wait("steps/thank.step.py", thank.replace('"thanked", {', '"thanked", {"n": 1, '))
    dev.order(charge="charged again", ship="shipped again")
    after = dev.pids()
    assert {language for language in before if before[language] != after[language]} == {"python"}
    dev.write_and_wait("steps/charge.step.ts", CHARGE)
    dev.write_and_wait("steps/ship.step.go", SHIP)
    dev.order()


def test_a_worker_that_crashed_is_started_again(dev: Dev) -> None:
    for language in ("node", "go"):
        since = dev.command.mark()
        psutil.Process(dev.pids()[language]).kill()
        dev.command.wait_for("dev.crashed", since=since, process=language, code=-9)
    dev.order()


def test_languages_come_and_go(dev: Dev) -> None:
    # What is moved may be seen to go and to come: it is loaded again once or twice.
    (dev.root / "steps/ship.step.go").rename(dev.root / "ship.step.go")
    eventually(lambda: set(dev.pids()) == {"python", "node"})
    since = dev.command.mark()
    (dev.root / "ship.step.go").rename(dev.root / "steps/ship.step.go")
    eventually(lambda: set(dev.pids()) == {"python", "node", "go"})
    dev.command.wait_for("dev.reloaded", since=since)
    dev.order()


def test_types_are_kept_up_to_date(dev: Dev) -> None:
    wistro("types", cwd=dev.root).ok()
    written = (dev.root / "types.d.ts").read_text()
    assert "'Charge the card'" in written
    assert (dev.root / "node_modules/wistro/package.json").is_file()
    wistro("types", "--check", cwd=dev.root).ok()
    dev.write_and_wait("steps/charge.step.ts", CHARGE.replace("Charge the card", "Take the money"))
    eventually(lambda: "'Take the money'" in (dev.root / "types.d.ts").read_text())
    dev.write_and_wait("steps/charge.step.ts", CHARGE)
    eventually(lambda: (dev.root / "types.d.ts").read_text() == written)
    (dev.root / "types.d.ts").write_text("// mine")
    stale = wistro("types", "--check", cwd=dev.root)
    assert stale.code == 1
    assert "`types.d.ts` is stale" in stale.err
    (dev.root / "types.d.ts").unlink()
    dev.order()


def test_the_environment_reaches_all(dev: Dev) -> None:
    before = dev.pids()
    dev.write_and_wait(".env", "COLOUR=blue\n")
    after = dev.pids()
    assert all(before[language] != after[language] for language in before)
    assert httpx.get(f"{dev.url}/_wistro/health").status_code == 200
    dev.order()
