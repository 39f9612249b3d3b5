"""Messages from outside: is there such a topic, does anybody listen, does the data fit?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wistro.issues import closest
from wistro_triggers.problems import Detail, Problem
from wistro_triggers.schemas import Schema

if TYPE_CHECKING:
    from wistro.project.lock import Lock
    from wistro.temporal.host.engine import Engine


class Messages:
    """Checks messages against the lock in use; compiled schemas are kept until the lock changes."""

    def __init__(self, engine: Engine) -> None:
        """Check against the lock of `engine`."""
        self._engine = engine
        self._lock: Lock | None = None
        self._schemas: dict[str, Schema | None] = {}

    def check_topic(self, topic: str, *, flow: str | None = None) -> None:
        """Refuse a topic whose message nobody would receive, in `flow` or anywhere.

        Raises:
            Problem: 404 when there is no such topic, naming the nearest; 409 when nobody subscribes
                (and, for any flow, no run ever waits for it).
        """
        topics = self._engine.lock.topics
        if topic not in topics:
            near = closest(topic, topics)
            hint = f"did you mean `{near}`?" if near else "`/_wistro/api/topics` lists all."
            raise Problem(
                404, "topic_not_found", f"The project has no topic `{topic}`. hint: {hint}"
            )
        catalogue = self._engine.catalogue
        receivers = catalogue.receivers.get(topic, ())
        if flow is None and topic in catalogue.awaiting:
            return
        if not receivers or flow not in {None, *receivers}:
            where = f" in the flow `{flow}`" if flow else ""
            raise Problem(
                409,
                "topic_without_subscribers",
                f"No step{where} subscribes to `{topic}`: the message would be lost. hint: add a step "
                f"with `subscribes=[{topic!r}]`.",
            )

    def errors(self, topic: str, data: object, *, root: str) -> list[Detail]:
        """What is wrong with a message of a topic; fields are dotted paths below `root`."""
        lock = self._engine.lock
        if lock is not self._lock:
            self._lock, self._schemas = lock, {}
        if topic not in self._schemas:
            declared = lock.topics[topic].message
            self._schemas[topic] = None if declared is None else Schema(declared)
        schema = self._schemas[topic]
        return [] if schema is None else schema.errors(data, root=root)


def unfit(topic: str, details: list[Detail]) -> Problem:
    """The answer to a message that does not fit its topic's schema."""
    return Problem(
        422,
        "validation_failed",
        f"The message does not fit the schema of `{topic}`. hint: `details` says what is wrong with "
        "each field.",
        details=details,
    )
