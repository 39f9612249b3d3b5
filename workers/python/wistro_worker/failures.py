"""From an exception to the portable error: which code, whether to retry, and the frames that matter."""

from __future__ import annotations

import os
import traceback
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import wistro
from wistro.contract import ErrorInfo
from wistro.errors import Terminal, to_info
from wistro.project.files import is_own
from wistro.values import json_size, jsonable

_LIMIT = 16_000
"""Characters of a message and of a stack: enough to read, never too large to send."""
_OURS = tuple(str(Path(package).parent) + os.sep for package in (wistro.__file__ or "", __file__))


class StepFailed(Exception):
    """An attempt failed; `info` is the error in its portable form."""

    def __init__(self, info: ErrorInfo) -> None:
        super().__init__(info.message)
        self.info = info


def describe(
    error: BaseException, *, terminal: Collection[str] = (), root: Path | None = None
) -> ErrorInfo:
    """The portable form of what a handler raised.

    Args:
        error: What it raised.
        terminal: Names of exception classes that are never retried, those of base classes included.
        root: The project's folder: its frames are the ones that the stack shows.
    """
    if isinstance(error, SystemExit):
        error = _exited(error)
    info = to_info(error, stack=False)
    info = replace(
        info,
        message=_bounded(info.message),
        details=_details(info.details),
        stack=_stack(error, root),
    )
    names = {parent.__name__ for parent in type(error).__mro__}
    return replace(info, retryable=False) if names & set(terminal) else info


def _bounded(message: str) -> str:
    size = len(message)
    return message if size <= _LIMIT else f"{message[:_LIMIT]}… ({size:,} characters)"


def _details(details: object) -> object:
    """The details as JSON of a bounded size: an error that cannot be sent would hide the first one."""
    try:
        plain = jsonable(details)
        size = json_size(plain)
    except ValueError as error:
        return {"omitted": f"the details are not JSON: {error}"}
    if size <= 4 * _LIMIT:
        return plain
    return {"omitted": f"{size:,} bytes of details; the limit is {4 * _LIMIT:,}"}


def _exited(error: SystemExit) -> Terminal:
    found = Terminal(
        f"the handler called `sys.exit({error.code!r})`, which would end the worker",
        code="handler_exited",
        hint="raise an error, or return",
    )
    return found.with_traceback(error.__traceback__)


def _stack(error: BaseException, root: Path | None) -> str | None:
    """The traceback without Wistro's own frames and, below the project's last one, without libraries'."""
    found = traceback.TracebackException.from_exception(error, compact=True)
    kept = False
    for part in _chain(found):
        part.stack = _trim(part.stack, root)
        kept = kept or bool(part.stack)
    return "".join(found.format())[-_LIMIT:] if kept else None


def _trim(stack: traceback.StackSummary, root: Path | None) -> traceback.StackSummary:
    frames = [frame for frame in stack if not frame.filename.startswith(_OURS)]
    while frames and "/concurrent/futures/" in frames[0].filename:
        frames.pop(0)
    if root is not None:
        own = [frame for frame in frames if is_own(Path(frame.filename), root)]
        # Where it came from in the project, and the place in a library where it was raised.
        frames = [frame for frame in frames if frame in own or frame is frames[-1] or not own]
    return traceback.StackSummary.from_list(frames)


def _chain(found: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    yield found
    for part in (found.__cause__, found.__context__, *(found.exceptions or ())):
        if part is not None:
            yield from _chain(part)
