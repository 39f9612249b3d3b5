"""What `wistro dev` shows: lines for people, or JSON lines for programs."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Protocol

from rich.text import Text

from wistro.project import Lock
from wistro.stores.journal import JournalEntry
from wistro_cli.entries import entry_line
from wistro_cli.findings import Problem, count
from wistro_cli.output import say, say_error, show, show_json_line
from wistro_cli.supervision.child import Watcher


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where things are while `wistro dev` runs."""

    workbench: str
    api: str
    docs: str
    temporal: str
    temporal_ui: str | None


class Screen(Watcher, Protocol):
    """Who is told what happens."""

    def note(self, text: str) -> None:
        """Something that is good to know."""
        ...

    def error(self, message: str, hint: str | None) -> None:
        """Something that somebody must mend."""
        ...

    def problems(self, problems: list[Problem]) -> None:
        """What a compilation of the project found."""
        ...

    def running(self, lock: Lock, places: Places, seconds: float) -> None:
        """Everything has started."""
        ...

    def reloaded(self, build: str, changes: tuple[str, ...]) -> None:
        """Changed files are in use."""
        ...

    def entry(self, entry: JournalEntry) -> None:
        """A run did or said something."""
        ...


class Lines:
    """For people: runs on stdout, all else on stderr."""

    def note(self, text: str) -> None:
        """See `Screen`."""
        say(text, style="dim")

    def error(self, message: str, hint: str | None) -> None:
        """See `Screen`."""
        say_error(message, hint=hint)

    def problems(self, problems: list[Problem]) -> None:
        """See `Screen`."""
        for problem in problems:
            for line in problem.lines():
                say(line)

    def running(self, lock: Lock, places: Places, seconds: float) -> None:
        """See `Screen`."""
        size = f"{count(len(lock.flows), 'flow')}, {count(len(lock.steps), 'step')}"
        say(Text.assemble("\n", (lock.project, "bold"), f" is running ({size}; {seconds:.1f} s)\n"))
        for name, url in (
            ("workbench", places.workbench),
            ("API", places.api),
            ("docs", places.docs),
            ("Temporal UI", places.temporal_ui or f"(the server at {places.temporal})"),
        ):
            say(Text.assemble(f"  {name:<12}", (url, "bold cyan")))
        say("")
        for route, step in lock.routes.items():
            say(Text.assemble(f"  {route:<32}", (lock.steps[step].name, "dim")))
        for step, schedule in lock.schedules.items():
            say(Text.assemble(f"  {schedule:<32}", (lock.steps[step].name, "dim")))
        say("\nchange a file to load it again, Ctrl-C to stop\n", style="dim")

    def reloaded(self, build: str, changes: tuple[str, ...]) -> None:
        """See `Screen`."""
        _ = build
        shown = "; ".join(changes[:3]) + (
            f"; and {len(changes) - 3} more" if len(changes) > 3 else ""
        )
        say(Text.assemble(("↻ loaded again", "bold cyan"), f" {shown or 'the code changed'}"))

    def entry(self, entry: JournalEntry) -> None:
        """See `Screen`."""
        show(entry_line(entry))

    def printed(self, name: str, line: str) -> None:
        """See `Watcher`."""
        say(Text.assemble((f"{name} │ ", "dim"), line))

    def crashed(self, name: str, code: int, pause: float) -> None:
        """See `Watcher`."""
        say_error(f"{name} {_ending(code)}; starting it again in {pause:g} s", word="warning")

    def refused(self, name: str, message: str, hint: str | None) -> None:
        """See `Watcher`."""
        say_error(f"{name}: {message}", hint=hint)


class JsonLines:
    """For programs: one JSON document a line on stdout; `kind` says what it is."""

    def note(self, text: str) -> None:
        """See `Screen`."""
        _tell("dev.note", message=text)

    def error(self, message: str, hint: str | None) -> None:
        """See `Screen`."""
        _tell("dev.error", message=message, hint=hint)

    def problems(self, problems: list[Problem]) -> None:
        """See `Screen`."""
        for problem in problems:
            _tell("dev.problem", **asdict(problem))

    def running(self, lock: Lock, places: Places, seconds: float) -> None:
        """See `Screen`."""
        _tell(
            "dev.running",
            project=lock.project,
            build=lock.build,
            seconds=round(seconds, 3),
            **asdict(places),
        )

    def reloaded(self, build: str, changes: tuple[str, ...]) -> None:
        """See `Screen`."""
        _tell("dev.reloaded", build=build, changes=changes)

    def entry(self, entry: JournalEntry) -> None:
        """See `Screen`."""
        show_json_line(asdict(entry))

    def printed(self, name: str, line: str) -> None:
        """See `Watcher`."""
        _tell("dev.output", process=name, message=line)

    def crashed(self, name: str, code: int, pause: float) -> None:
        """See `Watcher`."""
        _tell("dev.crashed", process=name, code=code, pause=pause)

    def refused(self, name: str, message: str, hint: str | None) -> None:
        """See `Watcher`."""
        _tell("dev.refused", process=name, message=message, hint=hint)


def _tell(kind: str, **fields: object) -> None:
    show_json_line({"kind": kind, "at": time.time(), **fields})


def _ending(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
