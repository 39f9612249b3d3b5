"""Answers on their way to response targets: list them, show them, have them delivered again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from wistro.access import MANAGEMENT
from wistro.targets import AnswerRecord
from wistro.targets.record import AnswerStatus
from wistro.temporal.host.answers import Answers, AnswerSummary
from wistro_triggers.management.site import (
    ERRORS,
    FlowPath,
    Request,
    RunPath,
    Site,
    View,
)
from wistro_triggers.response_targets import RespondTo, accept_target
from wistro_triggers.visitors import By, at_level, operation


class AttemptView(View):
    """One attempt to deliver an answer."""

    at: datetime
    seconds: float
    target: str
    outcome: str
    """`delivered`, `failed`, `refused` for good, or `lost` with the process that made it."""
    status_code: int | None
    message: str


class AnswerView(View):
    """How the delivery of an answer stands."""

    id: str
    """The delivery id: what receivers tell repetitions by."""
    flow: str
    run_id: str
    number: int
    """Counts the answers of the run, from 1."""
    last: bool
    answer: str
    """What kind of answer it is: `answered`, `flow_failed`, …"""
    answered_at: datetime
    target: str
    address: dict[str, object]
    status: AnswerStatus
    next_attempt_at: datetime | None
    attempts: list[AttemptView]


class AnswerViews(View):
    """The answers of one run."""

    answers: list[AnswerView]


class AnswerList(View):
    """Answers, newest first."""

    answers: list[AnswerSummary]
    next_cursor: str | None = None


class RedeliverRequest(Request):
    """Has an answer delivered again."""

    number: int | None = None
    """Which of several answers."""
    respond_to: RespondTo | None = None
    """Where to, when it is somewhere else than before."""


def answers_router(site: Site) -> APIRouter:
    """`/answers` and below."""
    router = APIRouter(prefix="/answers", tags=["answers"], responses=ERRORS)
    answers = Answers(site.engine)

    @router.get("", summary="List answers on their way, newest first")
    async def list_answers(
        flow: Annotated[str | None, Query(description="Only of this flow.")] = None,
        status: Annotated[
            AnswerStatus | None,
            Query(description="`undelivered`: those that nothing is tried for any more."),
        ] = None,
        since: Annotated[datetime | None, Query(description="Given at or after.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: Annotated[str | None, Query(description="From the page before.")] = None,
    ) -> AnswerList:
        page = await answers.list(flow=flow, status=status, since=since, limit=limit, cursor=cursor)
        return AnswerList(answers=list(page.answers), next_cursor=page.next_cursor)

    @router.get("/{flow}/{run_id}", summary="Show the answers of a run, with every attempt")
    @at_level("read")
    async def show_answers(flow: FlowPath, run_id: RunPath) -> AnswerViews:
        return AnswerViews(answers=[_view(each) for each in await answers.show(flow, run_id)])

    @router.post(
        "/{flow}/{run_id}/redeliver", status_code=202, summary="Have an answer delivered again"
    )
    @operation("answer.redeliver")
    async def redeliver_answer(
        flow: FlowPath, run_id: RunPath, who: By, wanted: RedeliverRequest | None = None
    ) -> AnswerView:
        wanted = wanted or RedeliverRequest()
        to = accept_target(site.targets, wanted.respond_to, flow, MANAGEMENT)
        record = await answers.redeliver(flow, run_id, number=wanted.number, respond_to=to, by=who)
        return _view(record)

    return router


def _view(record: AnswerRecord) -> AnswerView:
    return AnswerView(
        id=record.id,
        flow=record.flow,
        run_id=record.run_id,
        number=record.number,
        last=record.last,
        answer=record.answer,
        answered_at=_moment(record.answered_at),
        target=record.target,
        address=dict(record.address),
        status=record.status,
        next_attempt_at=None if record.next_at is None else _moment(record.next_at),
        attempts=[
            AttemptView(
                at=_moment(each.at),
                seconds=each.seconds,
                target=each.target,
                outcome=each.outcome,
                status_code=each.status_code,
                message=each.message,
            )
            for each in record.attempts
        ],
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
