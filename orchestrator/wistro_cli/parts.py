"""The parts of Wistro that a process may run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from wistro.errors import SetupError
from wistro.issues import did_you_mean

KNOWN = ("runs", "steps", "triggers")


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Which parts a process runs."""

    runs: bool = True
    """The workflows: what decides what a run does next."""
    steps: bool = True
    """The handlers. Python steps run where runs do."""
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
        return cls(runs="runs" in names, steps="steps" in names, triggers="triggers" in names)
