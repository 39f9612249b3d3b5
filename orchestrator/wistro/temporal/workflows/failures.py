"""From the failure of an activity to the portable form of an error."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    TimeoutError,
    TimeoutType,
)

from wistro.contract import ErrorInfo
from wistro.temporal import wire

_ERROR_INFO = TypeAdapter(ErrorInfo)
_RUN_FAILURE = TypeAdapter(wire.RunFailure)


def run_failure(error: BaseException | None) -> wire.RunFailure:
    """Why a run failed, as its workflow said it."""
    if isinstance(error, ApplicationError) and error.details:
        try:
            return _RUN_FAILURE.validate_python(error.details[0])
        except ValidationError:
            pass  # it did not come from `RunWorkflow`: somebody failed the workflow by other means
    info = error_info(error) if error is not None else ErrorInfo(code="run_failed", message="")
    return wire.RunFailure(error=info, outcome="failed")


def was_cancelled(error: BaseException) -> bool:
    """Whether the activity ended because it was asked to."""
    return isinstance(error, ActivityError) and isinstance(error.cause, CancelledError)


def error_info(error: BaseException) -> ErrorInfo:
    """What went wrong with an activity, in the words of the worker where it had any."""
    cause = error.cause if isinstance(error, ActivityError) and error.cause else error
    if isinstance(cause, TimeoutError):
        return _timeout(cause)
    if isinstance(cause, ApplicationError):
        if cause.details:
            try:
                return _ERROR_INFO.validate_python(cause.details[0])
            except ValidationError:
                pass
        return ErrorInfo(
            code=cause.type or "handler_error",
            message=cause.message,
            type=cause.type,
            retryable=not cause.non_retryable,
        )
    return ErrorInfo(code="handler_error", message=str(cause), type=type(cause).__name__)


def _timeout(error: TimeoutError) -> ErrorInfo:
    if error.type == TimeoutType.HEARTBEAT:
        return ErrorInfo(
            code="worker_lost",
            message="the worker gave no sign of life during the attempt; it was probably killed",
        )
    if error.type == TimeoutType.START_TO_CLOSE:
        return ErrorInfo(code="timeout", message="the attempt took longer than the step's timeout")
    return ErrorInfo(code="timeout", message="no worker took the delivery in time")
