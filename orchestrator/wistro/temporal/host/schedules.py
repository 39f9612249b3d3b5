"""Temporal schedules for the cron steps of a lock: created, updated and removed to match it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from wistro.contract import Trigger
from wistro.project.lock import Lock
from wistro.temporal import wire
from wistro.temporal.host.catalogue import Catalogue

OVERLAP = {
    "skip": ScheduleOverlapPolicy.SKIP,
    "buffer_one": ScheduleOverlapPolicy.BUFFER_ONE,
    "buffer_all": ScheduleOverlapPolicy.BUFFER_ALL,
    "cancel_other": ScheduleOverlapPolicy.CANCEL_OTHER,
    "terminate_other": ScheduleOverlapPolicy.TERMINATE_OTHER,
    "allow_all": ScheduleOverlapPolicy.ALLOW_ALL,
}
"""Temporal's words for what happens when the run of the last tick is still going."""
_PREFIX = "wistro"


@dataclass(kw_only=True)
class ScheduleChanges:
    """What was done, by schedule id."""

    created: list[str] = field(default_factory=list[str])
    updated: list[str] = field(default_factory=list[str])
    removed: list[str] = field(default_factory=list[str])


def schedule_id(project: str, flow: str, step: str) -> str:
    """The id of the schedule of a cron step in a flow."""
    return f"{_PREFIX}/{project}/{flow}/{step}"


def noted(note: str | None, said: str) -> str:
    """A schedule's note with what an operator said: its beginning stays, by which `sync_schedules` goes."""
    return f"{_digest_in(note)}: {said}"


def said_in(note: str | None) -> str | None:
    """What an operator said when the schedule was paused or resumed."""
    return (note or "").partition(": ")[2] or None


def _digest_in(note: str | None) -> str:
    return (note or "").partition(": ")[0]


async def sync_schedules(client: Client, lock: Lock, catalogue: Catalogue) -> ScheduleChanges:
    """Makes the schedules of the project those of the lock.

    Whether a schedule is paused is the operators' to say once it exists; all else follows the lock.
    Safe to run from several processes at once: it compares, then writes what differs.
    """
    changes = ScheduleChanges()
    wanted = _wanted(lock, catalogue)
    present = await _present(client, catalogue.project)
    for id, schedule in wanted.items():
        if id not in present and await _create(client, id, schedule):
            changes.created.append(id)
        elif _digest_in(present.get(id)) != schedule.state.note and await _update(
            client, id, schedule
        ):
            changes.updated.append(id)
    for id in present.keys() - wanted.keys():
        await client.get_schedule_handle(id).delete()
        changes.removed.append(id)
    return changes


def _wanted(lock: Lock, catalogue: Catalogue) -> dict[str, Schedule]:
    found: dict[str, Schedule] = {}
    for step in lock.steps.values():
        if step.cron is None:
            continue
        policy = step.cron.schedule
        # Its other flows hear of it from this one: a tick runs the handler once.
        flow = step.flows[0]
        plan = catalogue.plan(flow)
        run_id = f"cron.{step.id}"
        trigger = Trigger(kind="cron", step=step.id)
        start = wire.RunInput(run_id="", plan=plan, trigger=trigger, data=None)
        action = ScheduleActionStartWorkflow(
            flow,
            start,
            id=wire.workflow_id(flow, run_id),
            task_queue=wire.runs_queue(catalogue.project),
            typed_search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(wire.TRIGGER_ATTRIBUTE, f"cron:{step.id}"),
                    SearchAttributePair(wire.VERSION_ATTRIBUTE, plan.build),
                ]
            ),
            static_summary=step.name[:200],
        )
        text = f"{plan.build}\0{step.cron.model_dump_json()}\0{step.name}"
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        schedule = Schedule(
            action=action,
            spec=ScheduleSpec(
                cron_expressions=[_in_temporals_form(step.cron.expression)],
                jitter=policy.jitter or None,
                time_zone_name=policy.time_zone,
            ),
            policy=SchedulePolicy(overlap=OVERLAP[policy.overlap], catchup_window=policy.catch_up),
            # The note shows in listings: there it tells whether the schedule is up to date.
            state=ScheduleState(paused=policy.paused, note=f"{_PREFIX} {digest}"),
        )
        found[schedule_id(catalogue.project, flow, step.id)] = schedule
    return found


def _in_temporals_form(expression: str) -> str:
    # Temporal takes a sixth field for the year; seconds come first only where there are seven.
    return f"{expression} *" if len(expression.split()) == 6 else expression


async def _present(client: Client, project: str) -> dict[str, str]:
    """The notes of the project's schedules, by id."""
    found: dict[str, str] = {}
    async for listed in await client.list_schedules():
        if listed.id.startswith(f"{_PREFIX}/{project}/"):
            found[listed.id] = listed.schedule.state.note or "" if listed.schedule else ""
    return found


async def _create(client: Client, id: str, schedule: Schedule) -> bool:
    try:
        await client.create_schedule(id, schedule)
    except ScheduleAlreadyRunningError:
        return False
    return True


async def _update(client: Client, id: str, schedule: Schedule) -> bool:
    """Writes it unless it is up to date after all: a listing lags behind."""
    outdated = False

    def change(current: ScheduleUpdateInput) -> ScheduleUpdate | None:
        nonlocal outdated
        before = current.description.schedule.state
        outdated = _digest_in(before.note) != schedule.state.note
        schedule.state.paused = before.paused
        if outdated and (said := said_in(before.note)):
            schedule.state.note = noted(schedule.state.note, said)
        return ScheduleUpdate(schedule) if outdated else None

    await client.get_schedule_handle(id).update(change)
    return outdated
