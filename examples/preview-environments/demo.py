"""Real GitHub webhooks drive preview environments: `make demo`, or `python demo.py`.

Starts everything on free ports of this machine, sends GitHub's published payloads to it one after
the other, follows every run to its end, and holds what happened against the rules of the example
(`demonstration/reference.py`). Exits with 0 only if all of it is as the rules say.

    KEEP=1          stay up at the end, until Ctrl-C
    KEEP=<folder>   the same, and keep everything in that folder
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.status import Status

PROJECT = Path(__file__).parent.resolve()
sys.path[:0] = [str(PROJECT), str(PROJECT.parent / "shared")]

from demokit import stage  # noqa: E402
from demonstration import checks, report, script, stack  # noqa: E402
from demonstration.observer import Observation, Observer, StuckError, count  # noqa: E402
from demonstration.payloads import EXAMPLES, Event  # noqa: E402
from demonstration.reference import Reference  # noqa: E402
from demonstration.report import Row  # noqa: E402
from demonstration.script import Batch, Happening, Night, Order  # noqa: E402

ACCOUNT = script.REPOSITORY.partition("/")[0]


class Demo:
    """Lets the story happen, and compares."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._reference = Reference()
        self._titles: dict[str, str] = {}
        self._first_runs: dict[str, str] = {}
        """The run of each delivery of GitHub's, by its id."""
        self.rows: list[Row] = []

    async def play(self, batch: Batch) -> None:
        """Let everything in the batch happen at the same time."""
        seen = await asyncio.gather(*(self._observer.let(happening) for happening in batch))
        for environment in await self._observer.environments():
            title = f"{environment['app']} ({environment['branch']}, {environment['type']})"
            self._titles[environment["id"]] = title
        expected = [await self._expected(it) for it in seen]
        found = [self._did(it) for it in seen]
        together = checks.compare(
            "", (what for did in expected for what in did), (what for did in found for what in did)
        )
        for observation, did in zip(seen, found, strict=True):
            problems = (*together.problems, *self._refused(observation), *observation.failures)
            self.rows.append(Row(observation, tuple(did), problems, self._rule(observation)))

    async def verify(self, running: stack.Stack) -> list[checks.Check]:
        """Look at everything that is left at the end."""
        environments = await self._observer.environments()
        usage = await self._observer.usage(ACCOUNT)
        now = datetime.now(UTC)
        lived = [
            (_moment(it["stopped_at"]) if it["stopped_at"] else now) - _moment(it["created_at"])
            for it in environments
        ]
        failed = [problem for row in self.rows for problem in row.problems]
        return [
            checks.Check(f"{len(self.rows)} events did what the rules say", tuple(failed)),
            checks.environments(self._reference, environments),
            await checks.addresses(environments, running.target),
            checks.comments(self._reference, running.github.comments),
            checks.usage(usage, environments, sum(it.total_seconds() for it in lived), slack=2.0),
            checks.confidential(
                running.project.folder, [ACCOUNT, "ec26c3e57ca3a959ca5aad62de7213c562f8c821"]
            ),
        ]

    async def _expected(self, seen: Observation) -> Sequence[str]:
        match seen.happening:
            case Order(wanted):
                return self._reference.order(wanted)
            case Night():
                return self._reference.nightly()
            case Event(forged=True):
                return []
            case Event(name, payload) as event:
                if event.guid in self._first_runs:
                    return []
                self._first_runs[event.guid] = seen.run_id
                return self._reference.webhook(name, payload)

    def _did(self, seen: Observation) -> list[str]:
        if self._again(seen.happening, seen):
            return []
        return [f"{did} {self._titles.get(id, id)}" for did, id in seen.did()]

    def _refused(self, seen: Observation) -> Sequence[str]:
        """What is wrong with the answer itself."""
        forged = isinstance(seen.happening, Event) and seen.happening.forged
        expected = {401} if forged else {200, 202}
        if seen.status not in expected:
            return [f"expected an answer with {expected}, found {seen.status}"]
        return ["expected no run"] if forged and seen.runs else []

    def _rule(self, seen: Observation) -> str:
        if seen.status == 401:
            return "refused"
        return "nothing: it has its run" if self._again(seen.happening, seen) else ""

    def _again(self, happening: Happening, seen: Observation) -> bool:
        earlier = [row.observation.run_id for row in self.rows]
        return isinstance(happening, Event) and seen.run_id != "" and seen.run_id in earlier


async def main(out: Console) -> int:
    """Run the demo; returns the code to exit with."""
    stage.npm_install(PROJECT, has=EXAMPLES, why="GitHub's payloads, an npm package,")
    with (
        stage.folder("previews-") as folder,
        out.status("Starting Temporal and the project") as status,
    ):
        began = time.monotonic()
        async with stack.started(folder) as running:
            up = time.monotonic() - began
            passed = await _tell(out, status, running, up)
            if stage.keeps():
                status.stop()
                out.print(f"Files        {folder}\n\nEverything stays up until Ctrl-C.")
                await asyncio.Event().wait()
            status.update("Stopping everything")
    return 0 if passed else 1


async def _tell(out: Console, status: Status, running: stack.Stack, up: float) -> bool:
    """Tell the story and print what came of it; says whether it is what the rules say."""
    began = time.monotonic()
    async with Observer(running) as observer:
        demo = Demo(observer)
        for batch in script.script(PROJECT):
            status.update(f"Event {len(demo.rows) + 1}: {batch[0].label}")
            await demo.play(batch)
        results = await demo.verify(running)
    took = time.monotonic() - began
    runs, deliveries, repeated = count(row.observation for row in demo.rows)
    out.print(report.table(demo.rows, out.width))
    out.print()
    for line in report.verdict(results):
        out.print(line)
    out.print(
        f"\n{runs} runs with {deliveries} deliveries in {took:.1f} s, after {up:.1f} s to start;"
        f" attempts that had to be repeated: {repeated}\n"
    )
    out.print(f"API          {running.project.url}/docs")
    out.print(f"Temporal UI  {running.project.temporal_ui}")
    return all(result.passed for result in results)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


if __name__ == "__main__":
    sys.exit(stage.play(main, StuckError))
