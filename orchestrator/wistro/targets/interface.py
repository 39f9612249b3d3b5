"""What a response target is: it checks addresses, and brings answers to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from wistro.access import Identity
from wistro.contract import CallAnswer
from wistro.errors import WistroError
from wistro.targets.services import TargetServices


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer on its way to whoever wants it."""

    id: str
    """The id of the delivery: the same in every attempt, so that receivers can tell repetitions."""
    flow: str
    call_id: str
    """The id of the call, which is that of its run."""
    number: int
    """Counts the answers of the call, from 1."""
    last: bool
    """Whether no answer follows."""
    answer: CallAnswer
    response_meta: object = None
    """What the caller wanted back untouched."""
    client_context: object = None
    """What the caller said about itself."""
    by: str | None = None
    """Who called."""
    answered_at: float = 0.0
    """Seconds since the epoch."""
    traceparent: str | None = None

    def document(self) -> dict[str, object]:
        """The answer as receivers get it: `data` when the flow answered, else `error`."""
        answer = self.answer
        found: dict[str, object] = {
            "flow": self.flow,
            "call_id": self.call_id,
            "status": answer.status,
        }
        if answer.status == "answered":
            found["data"] = answer.data
        if answer.error is not None:
            found["error"] = {"code": answer.error.code, "message": answer.error.message}
        if answer.path:
            found["path"] = list(answer.path)
        return found | {
            "response_meta": self.response_meta,
            "number": self.number,
            "last": self.last,
        }


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A call that wants its answer brought somewhere: who asks for what."""

    flow: str
    identity: Identity
    development: bool = False
    """Whether it is under `wistro dev`."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What is noted of a delivery that worked."""

    status_code: int | None = None
    message: str = ""
    """A few words for operators; nothing of what was sent or received."""


class Undeliverable(WistroError):
    """The receiver does not want the answer, and will not: trying again cannot help."""

    default_code = "undeliverable"

    def __init__(
        self, message: str, *, status_code: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status_code = status_code


class Unreached(WistroError):
    """The receiver did not take the answer; it may, later.

    Raise it to say more than any other exception would.
    """

    default_code = "unreached"
    default_retryable = True

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        retry_after: float | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status_code = status_code
        self.retry_after = retry_after
        """Seconds for which it wants to be left alone."""


class ResponseTarget(Protocol):
    """Brings answers to addresses of one kind. Made once for each process."""

    @property
    def many(self) -> bool:
        """Whether it can take several answers to one call; otherwise it gets their list in the end."""
        ...

    def check(self, address: Mapping[str, object], asked: Asked) -> Mapping[str, object]:
        """The address as `deliver` wants it, before a call is accepted.

        Raises:
            InvalidMessage: the address is not one, or not for this caller; each issue names its field.
        """
        ...

    async def deliver(
        self, answer: Answer, address: Mapping[str, object], services: TargetServices
    ) -> Receipt:
        """Bring an answer to an address. It may come again: then it has the same `id`.

        Raises:
            Undeliverable: the receiver will never take it.
            Exception: anything else is tried again, by the schedule of `answers.retry`.
        """
        ...
