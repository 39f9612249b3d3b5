"""What compiling a project found, as lines for people and as JSON for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.text import Text

    from wistro.project import Compiled, Lock


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that was found: a step file that does not load, or the finding of a check."""

    severity: Literal["error", "warning"]
    code: str
    file: str
    line: int | None = None
    field: str | None = None
    message: str
    hint: str | None = None

    @property
    def place(self) -> str:
        """Where it is, as editors and terminals recognise it."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def lines(self) -> list[Text]:
        """What people read."""
        from rich.text import Text

        style = "bold red" if self.severity == "error" else "yellow"
        head = Text.assemble((self.severity, style), f": {self.place}: ", self.message)
        return [head, Text.assemble(("hint: ", "cyan"), self.hint)] if self.hint else [head]


def problems_of(compiled: Compiled) -> list[Problem]:
    """Everything that is wrong, errors first."""
    broken = [
        Problem(
            severity="error",
            code="step_does_not_load",
            file=error.path,
            line=error.line,
            field=error.field,
            message=error.error,
            hint=error.hint,
        )
        for error in compiled.errors
    ]
    found = [
        Problem(
            severity=finding.severity,
            code=finding.code,
            file=finding.file,
            field=finding.field,
            message=finding.message,
            hint=finding.hint,
        )
        for finding in compiled.findings
    ]
    return sorted([*broken, *found], key=lambda problem: problem.severity != "error")


def count(number: int, noun: str) -> str:
    """`1 step`, `2 steps`, `no steps`."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def size_of(lock: Lock) -> str:
    """How much there is in a project."""
    size = f"{count(len(lock.flows), 'flow')} and {count(len(lock.steps), 'step')}"
    return f"{size}, with {count(len(lock.apps), 'app')}" if lock.apps else size


def tally(problems: list[Problem]) -> str:
    """How many errors and warnings there are."""
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    parts = [count(errors, "error")] if errors else []
    return ", ".join([*parts, *([count(warnings, "warning")] if warnings else [])])
