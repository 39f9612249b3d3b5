"""The worker API: state and the journal for the handlers of any language.

Every request shows a run token; a token is good for one run, whose flow and id are taken from it and
never from what the worker says. Operations are posted as JSON objects, because keys are any text and
addresses are not. `workers/contract` describes the bodies.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from wistro.stores.journal import Journal, JournalEntry, Level
from wistro.stores.state import DEFAULT_PAGE, StateStore
from wistro.stores.worker_client import WORKER_API
from wistro_triggers.problems import Problem
from wistro_triggers.worker_http import (
    Body,
    ErrorRoute,
    RunClaims,
    Verify,
    answer,
    bearer,
    claims_of,
    read,
)

MAX_STATE_BODY = 4 * 1024 * 1024
MAX_JOURNAL_BODY = 1024 * 1024
MAX_ENTRIES = 1000


class _Operation(Body, abc.ABC):
    """A request for the state."""

    @abc.abstractmethod
    async def serve(self, state: StateStore) -> dict[str, object]:
        """Do it, and return the answer's body."""


class _Get(_Operation):
    group: str
    key: str

    async def serve(self, state: StateStore) -> dict[str, object]:
        entry = await state.get(self.group, self.key)
        return {"entry": entry and vars(entry)}


class _Set(_Operation):
    group: str
    key: str
    value: object
    if_version: int | None = None
    if_absent: bool = False

    async def serve(self, state: StateStore) -> dict[str, object]:
        entry = await state.set(
            self.group,
            self.key,
            self.value,
            if_version=self.if_version,
            if_absent=self.if_absent,
        )
        return {"entry": vars(entry)}


class _Delete(_Operation):
    group: str
    key: str

    async def serve(self, state: StateStore) -> dict[str, object]:
        return {"deleted": await state.delete(self.group, self.key)}


class _List(_Operation):
    group: str
    after: str | None = None
    limit: int = DEFAULT_PAGE

    async def serve(self, state: StateStore) -> dict[str, object]:
        page = await state.list(self.group, after=self.after, limit=self.limit)
        return {"items": [vars(entry) for entry in page.items], "next": page.next}


class _Clear(_Operation):
    group: str

    async def serve(self, state: StateStore) -> dict[str, object]:
        return {"removed": await state.clear(self.group)}


class _Groups(_Operation):
    after: str | None = None
    limit: int = DEFAULT_PAGE

    async def serve(self, state: StateStore) -> dict[str, object]:
        page = await state.groups(after=self.after, limit=self.limit)
        return {"items": page.items, "next": page.next}


class _Increment(_Operation):
    group: str
    key: str
    by: Any = 1  # the store says what is no number

    async def serve(self, state: StateStore) -> dict[str, object]:
        return {"value": await state.increment(self.group, self.key, self.by)}


class _CompareAndSet(_Operation):
    group: str
    key: str
    expected: object
    value: object

    async def serve(self, state: StateStore) -> dict[str, object]:
        done = await state.compare_and_set(self.group, self.key, self.expected, self.value)
        return {"done": done}


_OPERATIONS: Mapping[str, type[_Operation]] = {
    "get": _Get,
    "set": _Set,
    "delete": _Delete,
    "list": _List,
    "clear": _Clear,
    "groups": _Groups,
    "increment": _Increment,
    "compare_and_set": _CompareAndSet,
}


class _Line(Body):
    kind: str = Field(min_length=1, max_length=64)
    at: float = Field(allow_inf_nan=False)
    flow: str | None = None
    run_id: str | None = None
    delivery_id: str | None = Field(default=None, max_length=1024)
    step: str | None = Field(default=None, max_length=1024)
    attempt: int | None = Field(default=None, ge=0, lt=2**31)
    level: Level = "info"
    message: str = ""
    fields: dict[str, object] = Field(default_factory=dict[str, object])


class _Batch(Body):
    token: str
    entries: list[_Line]


class _Batches(Body):
    batches: list[_Batch]


def worker_api(
    *,
    project: str,
    state: StateStore,
    journal: Journal,
    verify: Verify,
    max_state_body: int = MAX_STATE_BODY,
) -> APIRouter:
    """The routes under `/_wistro/worker/v1`.

    Args:
        project: Whose runs these are.
        state: Where `ctx.state` is kept.
        journal: Where entries of workers go.
        verify: Reads run tokens.
        max_state_body: The bound on one request for state; above twice the bound on a value.
    """
    router = APIRouter(prefix=WORKER_API, route_class=ErrorRoute, include_in_schema=False)

    @router.post("/state/{operation}")
    async def operate_on_state(operation: str, request: Request) -> Response:
        """Serve an operation on the state, for any run of the project."""
        claims_of(verify, bearer(request))
        shape = _OPERATIONS.get(operation)
        if shape is None:
            raise Problem(
                404,
                "unknown_operation",
                f"There is no operation `{operation}` on state. hint: expected one of"
                f" {', '.join(f'`{name}`' for name in _OPERATIONS)}.",
            )
        body = await read(request, shape, max_state_body)
        return answer(await body.serve(state))

    @router.post("/journal")
    async def append_to_journal(request: Request) -> Response:
        """Append entries of several runs, each run's shown with its token.

        A refused batch does not hold up the others, unless there are no others.
        """
        body = await read(request, _Batches, MAX_JOURNAL_BODY)
        entries = sum(len(batch.entries) for batch in body.batches)
        if max(entries, len(body.batches)) > MAX_ENTRIES:
            raise Problem(
                413,
                "too_many_entries",
                f"A request holds at most {MAX_ENTRIES:,} entries and batches; found {entries:,} in"
                f" {len(body.batches):,}. hint: send several requests.",
            )
        accepted: list[JournalEntry] = []
        refused: list[tuple[int, Problem]] = []
        for batch in body.batches:
            try:
                accepted += _entries(project, claims_of(verify, batch.token), batch.entries)
            except Problem as problem:
                refused.append((len(batch.entries), problem))
        if refused and len(refused) == len(body.batches):
            raise refused[0][1]
        await journal.append(accepted)
        refusals = [
            {"entries": count, "code": problem.code, "message": problem.message}
            for count, problem in refused
        ]
        return answer({"accepted": len(accepted), "refused": refusals})

    return router


def _entries(project: str, run: RunClaims, lines: Sequence[_Line]) -> list[JournalEntry]:
    for line in lines:
        if line.flow not in (None, run.flow) or line.run_id not in (None, run.run_id):
            raise Problem(
                403,
                "other_run",
                f"The token is good for the run `{run.run_id}` of `{run.flow}`; found an entry of"
                f" `{line.run_id}` of `{line.flow}`. hint: send each run's entries with its token.",
            )
    return [
        JournalEntry(
            **line.model_dump(exclude={"flow", "run_id"}),
            project=project,
            flow=run.flow,
            run_id=run.run_id,
        )
        for line in lines
    ]
