"""What is said about answers on their way: between clients, the workflow of a delivery and its activity."""

from __future__ import annotations

from dataclasses import dataclass

from wistro.targets.record import AnswerRecord, Attempt
from wistro.temporal.wire import AnswerDelivery, RespondTo, parse_workflow_id, workflow_id

DELIVER_ACTIVITY = "wistro.deliver_answer"
RECORD_QUERY = "record"
REDELIVER_UPDATE = "redeliver"

UNDELIVERED = "undelivered"
"""The status attribute of a delivery that nothing is tried for any more."""


@dataclass(frozen=True, kw_only=True)
class DeliveryAttempt:
    """Asks for one attempt."""

    delivery: AnswerDelivery
    number: int
    """Counts the attempts of the schedule, from 1."""


@dataclass(frozen=True, kw_only=True)
class AttemptResult:
    """How it went, and what is next by the settings of whoever made it."""

    attempt: Attempt
    retry_in: float | None = None
    """Seconds until the next attempt; `None`: there is none, or none is needed."""
    retention: float = 0.0
    """Seconds for which an answer that was not delivered waits."""


@dataclass(frozen=True, kw_only=True)
class Redelivery:
    """Asks for an answer to be brought again, or to somewhere else."""

    respond_to: RespondTo | None = None
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What a delivery that goes on in a fresh history knows of before."""

    record: AnswerRecord
    waits_for: float | None = None
    """Seconds for which it still waits for somebody to ask; `None`: it tries at once."""


def delivery_workflow_id(flow: str, run_id: str, number: int | None) -> str:
    """The workflow id of a delivery; `number` is that of one of several answers."""
    name = "answer" if number is None else f"answer.{number}"
    return f"{workflow_id(flow, run_id)}/{name}"


def parse_delivery_id(id: str) -> tuple[str, str, int | None]:
    """Flow, run id and number of a delivery's workflow id."""
    flow, rest = parse_workflow_id(id)
    run_id, _, name = rest.rpartition("/")
    number = name.removeprefix("answer").removeprefix(".")
    return flow, run_id, int(number) if number else None
