"""A run as its page shows it: its history, with what the journal and other runs add to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypedDict, cast

from pydantic import TypeAdapter, ValidationError

from wistro.contract import ErrorInfo, RunRef
from wistro.errors import RunError
from wistro.runs import AttemptView, DeliveryView, LinkedRun, Relation, RunDetail
from wistro.shortening import shorten
from wistro.stores.audit import AuditFilter
from wistro.stores.journal import JournalEntry, JournalFilter
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.history import summarize

if TYPE_CHECKING:
    from wistro_triggers.management.site import Site

PREVIEW: Final = 8_192
"""The most bytes of each value in a page, of runs that have few deliveries."""
_ALL: Final = 2_000_000
"""About how many bytes the values of a page take together."""
_LEAST: Final = 120
_LINKS: Final = 24
"""For how many linked runs it is said what became of them."""
_FORKING: Final = frozenset({"run.fork", "run.retry"})
_ENTRIES: Final = 5_000
_LATE: Final = ErrorInfo(
    code="timeout", message="the attempt took too long, and another one took its place"
)
_STOPPED: Final = {
    "timeout": _LATE,
    "superseded": _LATE,
    "worker_stopping": ErrorInfo(
        code="worker_stopped", message="the worker stopped before the attempt was over"
    ),
}
"""Errors of attempts that were stopped, by the reason that their worker noted."""
_LOST: Final = ErrorInfo(
    code="worker_lost", message="nobody noted how the attempt ended: its worker was probably killed"
)
_ERROR: Final = TypeAdapter(ErrorInfo)
_PATIENCE: Final = 3.0


class _Values(TypedDict, total=False):
    input: object
    output: object
    progress: object
    emissions: object
    shortened: list[str]


async def complete(site: Site, run: RunDetail) -> RunDetail:
    """The run with all its attempts, with the runs that it is linked to, and paths within the project."""
    entries, related = await asyncio.gather(_attempts(site, run), _related(site, run))
    return run.model_copy(
        update={
            "deliveries": [_delivery(site, each, entries) for each in run.deliveries],
            "outcome_error": _within(site, run.outcome_error),
            "related": related,
        }
    )


def preview(run: RunDetail) -> RunDetail:
    """The run with its large values cut, the more of them the shorter."""
    limit = max(_LEAST, min(PREVIEW, _ALL // (3 * max(1, len(run.deliveries)))))
    return run.model_copy(
        update={"deliveries": [_shortened(each, limit) for each in run.deliveries]}
    )


def _shortened(delivery: DeliveryView, limit: int) -> DeliveryView:
    changed: _Values = {}
    cut: list[str] = []
    for name in ("input", "output", "progress"):
        changed[name], is_cut = shorten(getattr(delivery, name), limit)
        cut += [name] if is_cut else []
    emissions = [(each.topic, *shorten(each.data, limit)) for each in delivery.emissions]
    cut += ["emissions"] if any(is_cut for *_, is_cut in emissions) else []
    if not cut:
        return delivery
    changed["emissions"] = [
        replace(given, data=data)
        for given, (_, data, _) in zip(delivery.emissions, emissions, strict=True)
    ]
    changed["shortened"] = cut
    return delivery.model_copy(update=dict(changed))


async def _attempts(site: Site, run: RunDetail) -> dict[str, list[JournalEntry]]:
    """What the journal has of attempts: histories keep only the last ones of each delivery."""
    if not any(each.status == "running" or _repeated(each) for each in run.deliveries):
        return {}
    kinds = ("delivery.started", "delivery.failed", "delivery.cancelled")
    wanted = JournalFilter(flow=run.flow, run_id=run.run_id, kinds=kinds)
    found: dict[str, list[JournalEntry]] = {}
    for entry in await site.journal.read(wanted, limit=_ENTRIES):
        if entry.delivery_id is not None and entry.attempt is not None:
            found.setdefault(entry.delivery_id, []).append(entry)
    return found


def _repeated(delivery: DeliveryView) -> bool:
    return len(delivery.attempts) > 1 or any(each.number > 1 for each in delivery.attempts)


def _delivery(
    site: Site, delivery: DeliveryView, noted: dict[str, list[JournalEntry]]
) -> DeliveryView:
    attempts = _merged(delivery.attempts, noted.get(delivery.delivery_id, ()))
    return delivery.model_copy(
        update={
            "error": _within(site, delivery.error),
            "attempts": [
                each.model_copy(update={"error": _within(site, each.error)}) for each in attempts
            ],
        }
    )


def _merged(known: Sequence[AttemptView], noted: Sequence[JournalEntry]) -> list[AttemptView]:
    found = dict(zip(_rounds(each.number for each in known), known, strict=True))
    for place, entry in _placed(noted, "delivery.failed"):
        old = found.get(place) or AttemptView(number=place[1])
        if old.finished_at is not None:
            continue  # the history knows better
        seconds = entry.fields.get("seconds")
        started = entry.at - seconds if isinstance(seconds, float | int) else None
        found[place] = old.model_copy(
            update={
                "finished_at": datetime.fromtimestamp(entry.at, UTC),
                "started_at": old.started_at or (started and datetime.fromtimestamp(started, UTC)),
                "error": old.error or _error(entry),
            }
        )
    latest = max(found, default=None)
    stopped = {each.attempt: each.message for each in noted if each.kind == "delivery.cancelled"}
    for place, entry in _placed(noted, "delivery.started"):
        # Of attempts that were stopped or lost, histories have the last one, and not when it began.
        old = found.get(place)
        if old is None and latest is not None and place < latest:
            error = _STOPPED.get(stopped.get(entry.attempt, ""), _LOST)
            old = AttemptView(number=place[1], error=error)
        if old is not None and old.started_at is None:
            began = datetime.fromtimestamp(entry.at, UTC)
            found[place] = old.model_copy(update={"started_at": began})
    return [found[place] for place in sorted(found)]


def _placed(
    noted: Sequence[JournalEntry], kind: str
) -> Iterable[tuple[tuple[int, int], JournalEntry]]:
    entries = [each for each in noted if each.kind == kind]
    return zip(_rounds(each.attempt or 1 for each in entries), entries, strict=True)


def _rounds(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Each attempt's number with its round: after an operator's retry they are counted anew."""
    places: list[tuple[int, int]] = []
    for number in numbers:
        round, last = places[-1] if places else (0, 0)
        places.append((round + (number <= last), number))
    return places


def _error(entry: JournalEntry) -> ErrorInfo:
    try:
        return _ERROR.validate_python(entry.fields.get("error"))
    except ValidationError:
        return ErrorInfo(code="handler_error", message=entry.message)


def _within(site: Site, error: ErrorInfo | None) -> ErrorInfo | None:
    """The error with the paths of the project's files relative to it, as `/source` takes them."""
    if error is None or not error.stack:
        return error
    root = f"{site.project.root}/"
    return replace(error, stack=error.stack.replace(f"file://{root}", "").replace(root, ""))


async def _related(site: Site, run: RunDetail) -> list[LinkedRun]:
    wanted: list[tuple[Relation, RunRef]] = []
    if run.parent is not None:
        kind = run.origin.kind if run.origin else "flow"
        relation = {"fork": "fork_of", "call": "caller"}.get(kind, "parent")
        wanted.append((cast("Relation", relation), run.parent))
    wanted.extend(("started", link) for link in run.links)
    wanted.extend(("fork", fork) for fork in await _forks(site, run))
    told = [_linked(site, *each) for each in wanted[:_LINKS]]
    rest = [_named(site, *each) for each in wanted[_LINKS:]]
    return [*await asyncio.gather(*told), *rest]


async def _forks(site: Site, run: RunDetail) -> list[RunRef]:
    """The runs that go on from this one: it ended before, so only the audit knows them."""
    wanted = AuditFilter(sort="done", flow=run.flow, run_id=run.run_id, action="run.")
    done = await site.audit.audit.read(wanted, limit=_LINKS)
    return [
        RunRef(flow=run.flow, run_id=entry.subject, delivery_id=entry.delivery_id)
        for entry in reversed(done)
        if entry.action in _FORKING and entry.outcome == "done" and entry.subject
    ]


async def _linked(site: Site, relation: Relation, ref: RunRef) -> LinkedRun:
    named = _named(site, relation, ref)
    try:
        async with asyncio.timeout(_PATIENCE):
            with engine_errors(ref.flow, ref.run_id):
                found = summarize(await site.engine.handle(ref.flow, ref.run_id).describe())
    except (RunError, TimeoutError):
        return named
    return named.model_copy(
        update={
            "status": found.status,
            "started_at": found.started_at,
            "closed_at": found.closed_at,
        }
    )


def _named(site: Site, relation: Relation, ref: RunRef) -> LinkedRun:
    flow = site.lock.flows.get(ref.flow)
    return LinkedRun(
        relation=relation,
        flow=ref.flow,
        flow_name=flow.name if flow else None,
        run_id=ref.run_id,
        delivery_id=ref.delivery_id,
    )
