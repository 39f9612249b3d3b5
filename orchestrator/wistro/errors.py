"""The error tree, split by who must act.

```
WistroError
├── SetupError          fix the project: a step file, `wistro.yml`, the environment
├── StepError           what a handler raises to say how its delivery goes on
│   ├── Terminal        the delivery has failed; do not try again
│   │   ├── InvalidMessage   data that its schema refuses
│   │   └── CallFailed       the flow that was called has no answer, and will have none
│   └── Retryable       try again, perhaps not before a moment
│       └── CallPending      the flow that was called has no answer yet
├── RunError            a run did not do what was asked of it
│   ├── EngineUnavailable    Temporal cannot be reached
│   ├── RunNotFound
│   └── AnswerPending        the run goes on; its answer is not there yet
└── StoreError          a store is away or refuses
```

`CodecError` belongs to `wistro_codec` and has the same fields. Every error has one portable form,
`wistro.contract.ErrorInfo`, made by `to_info` and read by `from_info`.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, cast

from wistro.contract import ErrorInfo

_STACK_LIMIT = 16_000
"""Characters of a stack trace that travel with an error: enough to read, never too large to send."""


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One thing that is wrong with a value: which field, why, and how to mend it."""

    field: str
    message: str
    hint: str | None = None
    line: int | None = None


class WistroError(Exception):
    """The root of every error that Wistro raises on purpose.

    Attributes:
        message: What was expected and what was found, without the hint.
        code: A word for programs; each class has a default.
        hint: How to mend it, for people.
        retryable: Whether the same call may succeed later.
        details: Structured fields, plain JSON data.
    """

    default_code: ClassVar[str] = "error"
    default_retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        retryable: bool | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint
        self.retryable = self.default_retryable if retryable is None else retryable
        self.details: Mapping[str, object] = dict(details or {})

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class SetupError(WistroError):
    """The project or its environment is not right: somebody must change something.

    Attributes:
        file: The file to change, when one is known.
        line: The line in it, counted from 1.
        issues: Everything that is wrong, when it is more than the message says.
    """

    default_code = "setup_error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        file: str | Path | None = None,
        line: int | None = None,
        issues: Sequence[Issue] = (),
    ) -> None:
        self.file = None if file is None else str(file)
        self.line = line
        self.issues = tuple(issues)
        fields = {"file": self.file, "line": line}
        details = {name: value for name, value in fields.items() if value is not None}
        super().__init__(message, code=code, hint=hint, details=details)


class StepError(WistroError):
    """What a handler raises to say how its delivery goes on."""

    default_code = "handler_error"
    default_retryable = True


class Terminal(StepError):
    """The delivery has failed and trying again cannot help; the step's `on_failure` decides."""

    default_code = "terminal"
    default_retryable = False


class InvalidMessage(Terminal):
    """Data does not fit the schema it was declared with.

    Attributes:
        issues: Each field that does not fit, and why.
    """

    default_code = "validation_failed"

    def __init__(
        self, message: str, *, issues: Sequence[Issue] = (), hint: str | None = None
    ) -> None:
        self.issues = tuple(issues)
        found = [{"field": issue.field, "message": issue.message} for issue in self.issues]
        super().__init__(message, hint=hint, details={"issues": found} if found else None)


class Retryable(StepError):
    """The delivery failed for a reason that passes; it is attempted again under its policy.

    Attributes:
        retry_after: How long to wait at least before the next attempt.
    """

    default_code = "retryable"

    def __init__(
        self,
        message: str,
        *,
        retry_after: timedelta | None = None,
        code: str | None = None,
        hint: str | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint, details=details)
        self.retry_after = retry_after


class CallFailed(Terminal):
    """The flow that was called has no answer, and will have none.

    Its code is that of the answer: what a step of the flow meant its caller to see, or the status.

    Attributes:
        flow: The flow that was called.
        call_id: The call.
        status: `flow_failed`, `response_not_reached`, `timeout` or `cancelled`.
        path: The steps that the run came by, when it ended without an answer.
    """

    default_code = "flow_failed"

    def __init__(
        self,
        message: str,
        *,
        flow: str,
        call_id: str,
        status: str = "flow_failed",
        code: str | None = None,
        path: Sequence[str] = (),
        hint: str | None = None,
    ) -> None:
        self.flow = flow
        self.call_id = call_id
        self.status = status
        self.path = tuple(path)
        details: dict[str, object] = {"flow": flow, "call_id": call_id, "status": status}
        if path:
            details["path"] = list(path)
        super().__init__(message, code=code or status, hint=hint, details=details)


class CallPending(Retryable):
    """The flow that was called has no answer yet; the call goes on, and another attempt finds it.

    Attributes:
        flow: The flow that was called.
        call_id: The call, if it is known.
        reason: Why nobody waits any longer, when the handler was asked to stop.
    """

    default_code = "call_pending"

    def __init__(
        self, message: str, *, flow: str, call_id: str | None = None, reason: str | None = None
    ) -> None:
        self.flow = flow
        self.call_id = call_id
        self.reason = reason
        fields = {"flow": flow, "call_id": call_id, "reason": reason}
        details = {name: value for name, value in fields.items() if value is not None}
        super().__init__(message, details=details)


class RunError(WistroError):
    """A run was not found, has ended, or did not do what was asked of it.

    Attributes:
        flow: The flow of the run.
        run_id: The run.
    """

    default_code = "run_error"

    def __init__(
        self,
        message: str,
        *,
        flow: str | None = None,
        run_id: str | None = None,
        code: str | None = None,
        hint: str | None = None,
        retryable: bool | None = None,
    ) -> None:
        self.flow = flow
        self.run_id = run_id
        fields = {"flow": flow, "run_id": run_id}
        details = {name: value for name, value in fields.items() if value is not None}
        super().__init__(message, code=code, hint=hint, retryable=retryable, details=details)


class EngineUnavailable(RunError):
    """Temporal cannot be reached or does not answer; nothing was accepted, and asking again is safe."""

    default_code = "engine_unavailable"
    default_retryable = True


class RunNotFound(RunError):
    """There is no such run, or it is past its retention."""

    default_code = "run_not_found"


class AnswerPending(RunError):
    """The run was started and goes on, but its answer did not come in time."""

    default_code = "answer_pending"
    default_retryable = True


class StoreError(WistroError):
    """A store cannot be reached, is full, or refuses what it was given."""

    default_code = "store_error"
    default_retryable = True


def to_info(error: BaseException, *, stack: bool = True) -> ErrorInfo:
    """The portable form of any exception; one that Wistro does not know counts as retryable."""
    found = "".join(traceback.format_exception(error))[-_STACK_LIMIT:] if stack else None
    if not isinstance(error, WistroError):
        message = str(error) or type(error).__name__
        code = "timeout" if isinstance(error, TimeoutError) else StepError.default_code
        return ErrorInfo(code=code, message=message, type=type(error).__name__, stack=found)
    after = error.retry_after if isinstance(error, Retryable) else None
    details = {**error.details, **({"hint": error.hint} if error.hint else {})}
    return ErrorInfo(
        code=error.code,
        message=error.message,
        type=type(error).__name__,
        stack=found,
        details=details or None,
        retryable=error.retryable,
        retry_after=None if after is None else after.total_seconds(),
    )


def from_info(info: ErrorInfo) -> StepError:
    """The error that `info` describes: a `Retryable` or a `Terminal` with the same code."""
    details: dict[str, object] = {}
    if isinstance(info.details, Mapping):
        details.update(cast("Mapping[str, object]", info.details))
    hint = details.pop("hint", None)
    hint = hint if isinstance(hint, str) else None
    if not info.retryable:
        return Terminal(info.message, code=info.code, hint=hint, details=details)
    after = None if info.retry_after is None else timedelta(seconds=info.retry_after)
    return Retryable(info.message, retry_after=after, code=info.code, hint=hint, details=details)
