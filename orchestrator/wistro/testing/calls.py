"""What stands in for the flows that a handler under test calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from wistro.errors import Terminal
from wistro.issues import did_you_mean
from wistro.values import jsonable


@dataclass(frozen=True, kw_only=True)
class FakeCall:
    """A call that a handler made."""

    flow: str
    data: object
    key: str | None = None
    detached: bool = False


class FakeCalls:
    """Answers calls as a test says, and remembers them."""

    def __init__(self, answers: Mapping[str, object]) -> None:
        """Take, by flow, the data of the answer, a function that makes it of the input, or an error to raise."""
        self.made: list[FakeCall] = []
        self._answers = answers

    async def __call__(
        self,
        flow: str,
        data: object = None,
        /,
        *,
        key: str | None = None,
        detached: bool = False,
        **options: object,
    ) -> Any:
        """See `wistro.calls.Calling`."""
        return self.at_once(flow, data, key=key, detached=detached, **options)

    def at_once(
        self,
        flow: str,
        data: object = None,
        /,
        *,
        key: str | None = None,
        detached: bool = False,
        **options: object,
    ) -> Any:
        """See `wistro.calls.SyncCalling`."""
        _ = options
        call = FakeCall(flow=flow, data=jsonable(data), key=key, detached=detached)
        if flow not in self._answers:
            known = sorted(self._answers)
            raise Terminal(
                f"the test has no answer for a call of `{flow}`",
                code="not_callable",
                hint=did_you_mean(flow, known)
                if known
                else f"give `FakeContext(calls={{{flow!r}: …}})`",
            )
        self.made.append(call)
        answer = self._answers[flow]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = cast("Callable[[object], object]", answer)(call.data)
        return jsonable(answer)
