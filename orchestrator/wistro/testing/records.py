"""What became of the deliveries of a run, in the form in which the management API shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from wistro.contract import ErrorInfo, Report, StepResult
from wistro.machine.commands import Announce
from wistro.machine.lineage import Made
from wistro.machine.plan import Plan
from wistro.machine.state import Delivery, RunState
from wistro.runs import AttemptView, DeliveryStatus, DeliveryView
from wistro.testing.work import Attempt

_OPEN: dict[str, DeliveryStatus] = {
    "queued": "queued",
    "running": "running",
    "waiting": "retrying",
    "outside": "waiting",
    "held": "held",
    "failed": "failed",
    "cancelled": "cancelled",
}
_ENDED: dict[str, DeliveryStatus] = {
    "delivery.failed": "failed",
    "delivery.ignored": "ignored",
    "delivery.skipped": "skipped",
}
_STILL_OPEN = ("delivery.told", "task.")
"""How the names of what leaves a delivery open begin."""


@dataclass(kw_only=True)
class _Record:
    id: str
    step: str
    topic: str | None
    data: object
    parent: str | None
    flow: str | None = None
    attempts: list[AttemptView] = field(default_factory=list[AttemptView])
    result: StepResult | None = None
    error: ErrorInfo | None = None
    status: DeliveryStatus = "queued"
    since: float | None = None
    """When it began to wait for something outside, for which it needs no attempt."""
    until: float | None = None
    key: str | None = None
    began: int | None = None
    ended: int | None = None


class Records:
    """Remembers each delivery of one run, also after the machine has forgotten it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._records: dict[str, _Record] = {}
        self._places = count(1)

    def began(self, attempt: Attempt) -> None:
        """An attempt of a delivery begins."""
        given = attempt.invocation
        record = self._records.setdefault(
            given.delivery_id,
            _Record(
                id=given.delivery_id,
                step=given.step,
                topic=given.topic,
                data=given.data,
                parent=attempt.parent,
            ),
        )
        record.data, record.status = given.data, "running"
        record.key = given.idempotency_key
        record.began = record.began or next(self._places)
        self._begin(record, attempt.started_at)

    def linking(self, delivery: Delivery, at: float) -> None:
        """A shared message sets out for another flow."""
        self._begin(self._of(delivery), at)

    def completed(self, id: str, result: StepResult, at: float) -> None:
        """The delivery is done."""
        record = self._records[id]
        record.result, record.error, record.status = result, None, "completed"
        record.ended = next(self._places)
        self._finish(record, at, None)

    def failed(self, id: str, error: ErrorInfo, at: float) -> None:
        """An attempt of the delivery failed."""
        record = self._records[id]
        record.error, record.status = error, "failed"
        record.ended = next(self._places)
        self._finish(record, at, error)

    def cancelled(self, id: str, at: float) -> None:
        """The delivery came to rest because somebody asked for it."""
        if (record := self._records.get(id)) is not None:
            record.status = "cancelled"
            self._finish(record, at, None)

    def reported(self, report: Report) -> None:
        """A delivery of a segment is done, or its attempt failed."""
        if report.error is not None:
            self.failed(report.delivery_id, report.error, report.finished_at)
        else:
            self.completed(report.delivery_id, report.result or StepResult(), report.finished_at)

    def announced(self, command: Announce, at: float) -> None:
        """The machine decided what becomes of a delivery, or it waits for something outside."""
        record = self._of(command.delivery)
        record.error = command.delivery.error
        record.status = _ENDED.get(command.kind, record.status)
        if command.kind == "delivery.opened":
            record.data, record.since, record.until = command.delivery.data, at, None
        elif record.since is not None and not command.kind.startswith(_STILL_OPEN):
            record.until = at

    def views(self, state: RunState) -> list[DeliveryView]:
        """Every delivery of the run so far, in the order in which they came up."""
        for delivery in state.deliveries.values():
            record = self._of(delivery)
            record.data, record.error = delivery.data, delivery.error
            record.status = _OPEN[delivery.status]
        return [self._view(record, n) for n, record in enumerate(self._records.values(), 1)]

    def made(self, state: RunState) -> dict[str, Made]:
        """Every delivery of the run so far, as a fork needs to know it."""
        self.views(state)
        return {record.id: _made(record) for record in self._records.values()}

    def _of(self, delivery: Delivery) -> _Record:
        return self._records.setdefault(
            delivery.id,
            _Record(
                id=delivery.id,
                step=delivery.step,
                topic=delivery.topic,
                data=delivery.data,
                parent=delivery.parent,
                flow=delivery.flow,
            ),
        )

    def _begin(self, record: _Record, at: float) -> None:
        number = len(record.attempts) + 1
        record.attempts.append(AttemptView(number=number, started_at=_moment(at)))

    def _finish(self, record: _Record, at: float, error: ErrorInfo | None) -> None:
        if record.attempts:
            ended = {"finished_at": _moment(at), "error": error}
            record.attempts[-1] = record.attempts[-1].model_copy(update=ended)

    def _view(self, record: _Record, number: int) -> DeliveryView:
        step = self._plan.steps.get(record.step)
        result = record.result or StepResult()
        return DeliveryView(
            delivery_id=record.id,
            number=number,
            step=record.step,
            name=step.name if step is not None else f"Message to flow `{record.flow}`",
            topic=record.topic,
            parent=record.parent,
            status=record.status,
            inline=step is not None and step.inline,
            input=record.data,
            output=result.output,
            emissions=list(result.emissions),
            error=record.error,
            attempts=list(record.attempts),
            started_at=record.attempts[0].started_at if record.attempts else _moment(record.since),
            finished_at=record.attempts[-1].finished_at
            if record.attempts
            else _moment(record.until),
        )


def _made(record: _Record) -> Made:
    result = record.result or StepResult()
    return Made(
        id=record.id,
        step=record.step,
        topic=record.topic,
        data=record.data,
        emissions=result.emissions,
        output=result.output,
        response=result.response,
        responded=result.responded,
        error=record.error if record.status == "failed" else None,
        attempts=len(record.attempts),
        key=record.key,
        began=record.began,
        ended=record.ended,
    )


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
