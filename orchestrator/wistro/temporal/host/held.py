"""Held deliveries across runs: found through Temporal's visibility, asked of their runs, released in bulk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from wistro.errors import EngineUnavailable, RunError
from wistro.repairs import (
    HeldDelivery,
    HeldGroup,
    HeldPage,
    Released,
    ReleaseEnded,
    SilentRun,
)
from wistro.runs import RunSummary

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine

MAX_RUNS = 1_000
"""Runs that are looked at, at most."""
MAX_RELEASED = 1_000
"""Deliveries that one release takes, at most."""

_AT_ONCE = 8
_PATIENCE = 4.0
"""Seconds that a run has to say what it holds."""
_FRESH = 4.0
"""Seconds for which what a run said is believed."""
_GIVE_UP = 3
"""Runs of one build that stay silent, before the others of that build are not asked any more."""
_GONE = frozenset({"operation_refused", "run_ended", "run_not_found"})

Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class HeldFilter:
    """Which held deliveries are meant."""

    flow: str | None = None
    step: str | None = None
    error: str | None = None
    """The code of the error."""
    since: datetime | None = None
    """Of runs that started at or after."""

    def accepts(self, held: HeldDelivery) -> bool:
        """Whether it is meant; `flow` and `since` are asked of Temporal."""
        return self.step in (None, held.step) and self.error in (None, held.error_code)


@dataclass(kw_only=True)
class _Found:
    """What is held now, and who did not say."""

    held: list[HeldDelivery] = field(default_factory=list[HeldDelivery])
    silent: list[SilentRun] = field(default_factory=list[SilentRun])
    truncated: bool = False


class Held:
    """The held deliveries of a project. Keep one: it remembers for a moment what runs have said."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._said: dict[Key, tuple[float, list[HeldDelivery]]] = {}
        self._under_way: set[asyncio.Task[Sequence[Released]]] = set()

    async def list(
        self, wanted: HeldFilter, *, limit: int = 100, cursor: str | None = None
    ) -> HeldPage:
        """What is held, those of the oldest runs first, and grouped by step and error.

        Raises:
            RunError: `invalid_filter`.
            EngineUnavailable: when Temporal is away; a worker that is away makes its runs `silent`.
        """
        first = _place(cursor)
        found = await self._find(wanted)
        page = found.held[first : first + limit]
        more = first + limit < len(found.held)
        return HeldPage(
            groups=_grouped(found.held),
            items=page,
            total=len(found.held),
            next_cursor=str(first + limit) if more else None,
            silent=found.silent,
            truncated=found.truncated,
        )

    async def release(
        self,
        wanted: HeldFilter | Sequence[tuple[str, str, str]],
        *,
        action: Literal["retry", "skip"],
        dry_run: bool = False,
        by: str | None = None,
        noted: Callable[[Released], Awaitable[None]] | None = None,
    ) -> AsyncGenerator[Released | ReleaseEnded]:
        """Releases or skips held deliveries, a few at a time; each is told of as soon as it is done.

        Whoever stops reading stops it: those under way are finished and noted, the others are as they were.

        Args:
            wanted: Which: all that a filter lets through, or flow, run and delivery of each.
            action: What to do with them.
            dry_run: Only say which it would be.
            by: Who asks for it.
            noted: Called for each that something was done to.
        """
        found = await self._chosen(wanted)
        total = len(found.held)
        counts = {"done": 0, "gone": 0, "failed": 0, "would": 0}
        for start in range(0, total, _AT_ONCE):
            some = asyncio.create_task(
                self._some(found.held, start, action, dry_run=dry_run, by=by, noted=noted)
            )
            self._under_way.add(some)
            some.add_done_callback(self._under_way.discard)
            for line in await asyncio.shield(some):
                counts[line.outcome] += 1
                yield line
        yield ReleaseEnded(
            total=total,
            done=counts["done"],
            gone=counts["gone"],
            failed=counts["failed"],
            silent=found.silent,
            sentence=_summed_up(counts, len(found.silent), action),
        )

    async def _some(
        self,
        chosen: Sequence[HeldDelivery],
        start: int,
        action: Literal["retry", "skip"],
        *,
        dry_run: bool,
        by: str | None,
        noted: Callable[[Released], Awaitable[None]] | None,
    ) -> Sequence[Released]:
        """Releases those that are dealt with at the same time, from `start` on."""
        some = chosen[start : start + _AT_ONCE]
        told = await asyncio.gather(
            *(self._one(held, action, dry_run=dry_run, by=by) for held in some)
        )
        lines = [
            Released(
                flow=held.flow,
                run_id=held.run_id,
                delivery_id=held.delivery_id,
                step=held.step or None,
                outcome=outcome,
                error_code=error.code if error else None,
                message=error.message if error else None,
                done=start + number,
                total=len(chosen),
            )
            for number, (held, (outcome, error)) in enumerate(zip(some, told, strict=True), 1)
        ]
        for line in lines:
            if noted is not None and line.outcome in ("done", "failed"):
                await noted(line)
        return lines

    async def _one(
        self, held: HeldDelivery, action: Literal["retry", "skip"], *, dry_run: bool, by: str | None
    ) -> tuple[Literal["done", "gone", "failed", "would"], RunError | None]:
        if dry_run:
            return "would", None
        act = self._engine.release if action == "retry" else self._engine.skip
        try:
            await act(held.flow, held.run_id, held.delivery_id, by=by)
        except RunError as error:
            return ("gone" if error.code in _GONE else "failed"), error
        finally:
            self._said.pop((held.flow, held.run_id), None)
        return "done", None

    async def _chosen(self, wanted: HeldFilter | Sequence[tuple[str, str, str]]) -> _Found:
        if isinstance(wanted, HeldFilter):
            found = await self._find(wanted)
            found.held = found.held[:MAX_RELEASED]
            return found
        return _Found(held=[_named(*each) for each in wanted[:MAX_RELEASED]])

    # Finding

    async def _find(self, wanted: HeldFilter) -> _Found:
        found = _Found()
        runs = await self._runs(wanted, found)
        turns = asyncio.Semaphore(_AT_ONCE)
        quiet: dict[str | None, int] = {}
        said = await asyncio.gather(*(self._ask(run, turns, quiet) for run in runs))
        for run, held in zip(runs, said, strict=True):
            if held is None:
                reason = "no worker of the build that it began with answers"
                silent = SilentRun(
                    flow=run.flow, run_id=run.run_id, version=run.version, reason=reason
                )
                found.silent.append(silent)
            else:
                found.held += filter(wanted.accepts, held)
        found.held.sort(key=lambda held: (held.run_started_at, held.run_id, held.delivery_id))
        return found

    async def _runs(self, wanted: HeldFilter, found: _Found) -> list[RunSummary]:
        runs: list[RunSummary] = []
        cursor: str | None = None
        while len(runs) < MAX_RUNS:
            page = await self._engine.list_runs(
                flow=wanted.flow, status="held", since=wanted.since, limit=200, cursor=cursor
            )
            runs += page.runs
            cursor = page.next_cursor
            if cursor is None:
                break
        found.truncated = cursor is not None
        return runs

    async def _ask(
        self, run: RunSummary, turns: asyncio.Semaphore, quiet: dict[str | None, int]
    ) -> list[HeldDelivery] | None:
        """What a run holds; nothing when it does not say."""
        key, now = (run.flow, run.run_id), time.monotonic()
        at, held = self._said.get(key, (0.0, []))
        if now - at < _FRESH:
            return held
        async with turns:
            if quiet.get(run.version, 0) >= _GIVE_UP:
                return None
            try:
                async with asyncio.timeout(_PATIENCE):
                    held = await self._held_of(run)
            except (TimeoutError, EngineUnavailable):
                quiet[run.version] = quiet.get(run.version, 0) + 1
                return None
            except RunError:
                return []  # it is gone in the meantime
        if len(self._said) > 2 * MAX_RUNS:
            self._said.clear()
        self._said[key] = (time.monotonic(), held)
        return held

    async def _held_of(self, run: RunSummary) -> list[HeldDelivery]:
        snapshot = await self._engine.snapshot(run.flow, run.run_id)
        steps = snapshot.plan.steps
        return [
            HeldDelivery(
                flow=run.flow,
                run_id=run.run_id,
                delivery_id=delivery.id,
                step=delivery.step,
                name=steps[delivery.step].name
                if delivery.step in steps
                else f"The message to the flow `{delivery.flow}`",
                topic=delivery.topic,
                error_code=delivery.error.code if delivery.error else "unknown",
                error=delivery.error.message if delivery.error else "",
                attempts=delivery.attempts,
                run_started_at=run.started_at,
                version=run.version,
            )
            for delivery in snapshot.state.deliveries.values()
            if delivery.status == "held"
        ]


def _grouped(held: Sequence[HeldDelivery]) -> list[HeldGroup]:
    groups: dict[tuple[str, str, str], list[HeldDelivery]] = {}
    for each in held:
        groups.setdefault((each.flow, each.step, each.error_code), []).append(each)
    found = [
        HeldGroup(
            flow=flow,
            step=step,
            name=members[0].name,
            error_code=code,
            example=members[-1].error,
            deliveries=len(members),
            runs=len({each.run_id for each in members}),
            oldest=min(each.run_started_at for each in members),
        )
        for (flow, step, code), members in groups.items()
    ]
    return sorted(found, key=lambda group: (-group.deliveries, group.flow, group.step))


def _place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal():
        raise RunError("the cursor is not one that an earlier page gave", code="invalid_filter")
    return int(cursor)


def _named(flow: str, run_id: str, delivery_id: str) -> HeldDelivery:
    """A delivery of which only its name is known."""
    return HeldDelivery(
        flow=flow,
        run_id=run_id,
        delivery_id=delivery_id,
        step="",
        name="",
        error_code="",
        error="",
        attempts=0,
        run_started_at=datetime.max.replace(tzinfo=UTC),
    )


def _summed_up(counts: Mapping[str, int], silent: int, action: str) -> str:
    if not silent and not any(counts.values()):
        return "Nothing like that is held."
    done = "made again" if action == "retry" else "skipped"
    if counts["would"]:
        return f"{_deliveries(counts['would'])} would be {done}; nothing was done."
    parts = [f"{_deliveries(counts['done'])} {'is' if counts['done'] == 1 else 'are'} {done}"]
    if counts["gone"]:
        parts.append(f"{counts['gone']} no longer held")
    if counts["failed"]:
        parts.append(f"{counts['failed']} could not be reached")
    if silent:
        runs = "run" if silent == 1 else "runs"
        parts.append(
            f"{silent} {runs} did not answer and {'is' if silent == 1 else 'are'} as before"
        )
    return "; ".join(parts) + "."


def _deliveries(count: int) -> str:
    return f"{count} {'delivery' if count == 1 else 'deliveries'}"
