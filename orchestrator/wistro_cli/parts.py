"""The parts of Wistro that a process may run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from wistro.errors import SetupError
from wistro.issues import did_you_mean
from wistro.project.declared import ForeignLanguage
from wistro.project.lock import Lock
from wistro_cli.hosting.languages import languages_of

KNOWN = ("runs", "steps", "node", "go", "triggers")


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Which parts a process runs."""

    runs: bool = True
    """The workflows: what decides what a run does next."""
    steps: bool = True
    """The handlers in Python, which run where runs do."""
    node: bool = True
    """The worker of steps in TypeScript and JavaScript, where the project has some."""
    go: bool = True
    """The worker of steps in Go, where the project has some."""
    triggers: bool = True
    """The HTTP side and the schedules."""

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Read `runs,steps`.

        Raises:
            SetupError: it names something else, or steps without runs.
        """
        if text is None:
            return cls()
        names = [name.strip() for name in text.split(",") if name.strip()]
        unknown = [name for name in names if name not in KNOWN]
        if unknown or not names:
            raise SetupError(
                f"`--only {text}` names no part, expected some of {', '.join(f'`{k}`' for k in KNOWN)}"
                if not unknown
                else f"there is no part `{unknown[0]}`, expected some of {', '.join(f'`{k}`' for k in KNOWN)}",
                code="unknown_part",
                hint=did_you_mean(unknown[0], KNOWN)
                if unknown
                else "leave `--only` out to run all",
            )
        if "steps" in names and "runs" not in names:
            raise SetupError(
                "`steps` were asked for without `runs`, but Python steps run where runs do",
                code="unknown_part",
                hint="say `--only runs,steps`",
            )
        return cls(**{part: part in names for part in KNOWN})

    def languages(self, lock: Lock) -> tuple[ForeignLanguage, ...]:
        """The languages whose workers are to run beside this process.

        Raises:
            SetupError: there is nothing to do: the project has no steps in what was asked for.
        """
        asked: dict[ForeignLanguage, bool] = {"node": self.node, "go": self.go}
        found: tuple[ForeignLanguage, ...] = tuple(
            language for language in languages_of(lock) if asked[language]
        )
        if not (found or self.runs or self.triggers):
            names = ",".join(name for name, wanted in asked.items() if wanted)
            raise SetupError(
                f"`--only {names}` leaves nothing to run: `{lock.project}` has no such steps",
                code="nothing_to_run",
                hint="run `wistro lock` after adding steps, or leave `--only` out",
            )
        return found
