"""What a handler does during one attempt: kept until it has succeeded, gone when it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wistro.context import Level
from wistro.contract import Emission, StepResult
from wistro.errors import InvalidMessage, Terminal
from wistro.issues import did_you_mean
from wistro.values import json_size
from wistro_worker.shapes import ANYTHING, Shape

_PROGRESS_LIMIT = 64 * 1024

Log = Callable[[Level, str, Mapping[str, object]], None]


class Recording:
    """The effects of one attempt (`wistro.context.Effects`)."""

    def __init__(
        self,
        step: str,
        topics: Mapping[str, Shape],
        *,
        log: Log,
        heartbeat: Callable[[object], None],
        answer: Shape = ANYTHING,
        lenient: bool = False,
    ) -> None:
        self._step = step
        self._topics = topics
        self._log = log
        self._heartbeat = heartbeat
        self._answer = answer
        self._lenient = lenient
        self._emissions: list[Emission] = []
        self._response: object = None
        self._responded = False
        self._closed = False

    def emit(self, topic: str, data: object) -> None:
        """Keep a message of a declared topic."""
        self.check_open("emit")
        shape = self._topics.get(topic)
        if shape is None and self._lenient and not self._topics:
            shape = ANYTHING
        if shape is None:
            refusal = self._undeclared(topic)
            if not self._lenient:
                raise refusal
            self._log(
                "error", f"{refusal.message}; the message is left out", {"hint": refusal.hint}
            )
            return
        what = f"The message that `{self._step}` emits on `{topic}`"
        try:
            message = shape.dump(data, what)
        except InvalidMessage as error:
            if not self._lenient:
                raise
            message = ANYTHING.dump(data, what)
            self._log("warn", error.message, {})
        self._emissions.append(Emission(topic=topic, data=message))

    def respond(self, data: object) -> None:
        """Keep the answer."""
        self.check_open("respond")
        if self._responded:
            raise Terminal(
                f"`{self._step}` responds a second time; a run answers once",
                code="already_responded",
                hint="respond with everything at once, or emit a message",
            )
        self._response = self._answer.dump(data, f"The answer of `{self._step}`")
        self._responded = True

    def log(self, level: Level, message: str, fields: Mapping[str, object]) -> None:
        """Write to the run's log at once: what a failing attempt said is worth reading."""
        self._log(level, message, fields)

    def heartbeat(self, details: object) -> None:
        """Report progress."""
        self.check_open("heartbeat")
        progress = ANYTHING.dump(details, f"The progress of `{self._step}`")
        size = json_size(progress)
        if size > _PROGRESS_LIMIT:
            raise Terminal(
                f"the progress of `{self._step}` has {size:,} bytes, the limit is {_PROGRESS_LIMIT:,}",
                code="progress_too_large",
                hint="report counts, and emit or store the rest",
            )
        self._heartbeat(progress)

    def result(self, output: object) -> StepResult:
        """All of it, with what the handler returned."""
        return StepResult(
            emissions=tuple(self._emissions),
            output=output,
            response=self._response,
            responded=self._responded,
        )

    def close(self) -> None:
        """The attempt is over: whatever its threads and tasks still do has no effect."""
        self._closed = True

    def check_open(self, what: str) -> None:
        """Refuse `what` when the attempt is over."""
        if self._closed:
            raise Terminal(
                f"`{self._step}` uses `ctx.{what}` after its attempt is over",
                code="attempt_over",
                hint="await every task that the handler starts, and stop when `ctx.cancelled`",
            )

    def _undeclared(self, topic: str) -> Terminal:
        declared = sorted(self._topics)
        if not declared:
            found, hint = "it declares none", f"add `emits=[{topic!r}]` to its config"
        else:
            found = f"it declares {', '.join(f'`{name}`' for name in declared)}"
            hint = did_you_mean(topic, declared)
            if not hint.startswith("did you mean"):
                hint = f"add `{topic}` to `emits` in its config"
        return Terminal(
            f"`{self._step}` emits on `{topic}`, a topic that it does not declare: {found}",
            code="undeclared_topic",
            hint=hint,
            details={"topic": topic, "declared": declared},
        )
