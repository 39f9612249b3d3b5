"""Checks the calls that steps declare."""

from __future__ import annotations

from collections.abc import Iterator

from wistro.errors import RunError
from wistro.project.callables import callable_flow
from wistro.project.checks import Finding
from wistro.project.lock import Lock


def check_calls(lock: Lock) -> tuple[Finding, ...]:
    """The steps that call what nobody can call."""
    return tuple(_uncallable(lock))


def _uncallable(lock: Lock) -> Iterator[Finding]:
    for step in lock.steps.values():
        if step.calls is None:
            continue
        try:
            callable_flow(lock, step.calls.flow, app=step.app)
        except RunError as error:
            yield Finding(
                severity="error",
                code=error.code,
                file=step.path,
                field="calls",
                message=f"its call leads nowhere: {error.message}",
                hint=error.hint or "name a flow with a call step",
            )
