"""Lists runs through Temporal's visibility."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.client import Client

from wistro.errors import RunError
from wistro.runs import RunPage
from wistro.temporal import wire
from wistro.temporal.host.history import summarize

_STATUS_QUERIES = {
    "running": "ExecutionStatus = 'Running'",
    "completed": "ExecutionStatus = 'Completed'",
    "failed": "ExecutionStatus = 'Failed' AND (WistroStatus IS NULL OR WistroStatus != 'timed_out')",
    "cancelled": "(ExecutionStatus = 'Canceled' OR ExecutionStatus = 'Terminated')",
    "timed_out": "WistroStatus = 'timed_out'",
    "held": "ExecutionStatus = 'Running' AND WistroStatus = 'held'",
}


@dataclass(frozen=True, kw_only=True)
class RunFilter:
    """Which runs to list. A status is a run's, or `held`: those that wait for an operator."""

    project: str
    flows: tuple[str, ...] = ()
    """Any of these flows; all, when there are none."""
    statuses: tuple[str, ...] = ()
    """Any of these statuses."""
    trigger: str | None = None
    version: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    """Part of a run id, or with `/` in it of a workflow id: `orders/1f0c`."""
    ids: tuple[str, ...] = ()
    """The workflow ids that are known to have the text. Temporal itself finds but their beginnings."""
    known: tuple[str, ...] = ()
    """The flows whose run ids may begin with the text, when `flows` names none."""

    def query(self) -> str:
        """The filter as a visibility query.

        Raises:
            RunError: `invalid_filter`.
        """
        parts = [
            f"TaskQueue = {quoted(wire.runs_queue(self.project))}",
            # The earlier executions of a run that went on in a fresh history are no runs.
            "ExecutionStatus != 'ContinuedAsNew'",
            *self._kinds(),
            *self._statuses(),
        ]
        if self.trigger is not None:
            operator = "=" if ":" in self.trigger else "STARTS_WITH"
            parts.append(f"{wire.TRIGGER_ATTRIBUTE.name} {operator} {quoted(self.trigger)}")
        if self.version is not None:
            parts.append(f"{wire.VERSION_ATTRIBUTE.name} = {quoted(self.version)}")
        if self.since is not None:
            parts.append(f"StartTime >= {quoted(iso_moment(self.since))}")
        if self.until is not None:
            parts.append(f"StartTime < {quoted(iso_moment(self.until))}")
        if self.text:
            parts.append(_any(self._with_text(self.text)))
        return " AND ".join(parts)

    def _kinds(self) -> list[str]:
        if self.flows:
            return [f"WorkflowType IN ({', '.join(map(quoted, self.flows))})"]
        others = (wire.STREAM_ACCESS, wire.ANSWER_WORKFLOW)
        return [f"WorkflowType != {quoted(other)}" for other in others]

    def _statuses(self) -> list[str]:
        if unknown := [status for status in self.statuses if status not in _STATUS_QUERIES]:
            known = ", ".join(f"`{status}`" for status in _STATUS_QUERIES)
            raise RunError(
                f"there is no status `{unknown[0]}`; there are {known}", code="invalid_filter"
            )
        chosen = [f"({_STATUS_QUERIES[status]})" for status in self.statuses]
        return [_any(chosen)] if chosen else []

    def _with_text(self, text: str) -> Iterable[str]:
        if self.ids:
            yield f"WorkflowId IN ({', '.join(map(quoted, self.ids))})"
        flows = () if "/" in text else self.flows or self.known
        for beginning in [f"{flow}/{text}" for flow in flows] or [text]:
            yield f"WorkflowId STARTS_WITH {quoted(beginning)}"


async def list_runs(
    client: Client, wanted: RunFilter, *, limit: int, cursor: str | None
) -> RunPage:
    """One page of runs, newest first."""
    token = decode_cursor(cursor) if cursor else None
    listing = client.list_workflows(wanted.query(), page_size=limit, next_page_token=token)
    await listing.fetch_next_page(page_size=limit)
    found = listing.current_page or ()
    following = listing.next_page_token
    return RunPage(
        runs=[summarize(execution) for execution in found],
        next_cursor=encode_cursor(following) if following else None,
    )


async def count_runs(client: Client, wanted: RunFilter) -> int:
    """How many runs the filter lets through, as far as Temporal's list knows by now."""
    return (await client.count_workflows(wanted.query())).count


def encode_cursor(token: bytes) -> str:
    """The cursor of the page that Temporal gives for a token."""
    return base64.urlsafe_b64encode(token).decode()


def decode_cursor(cursor: str) -> bytes:
    """Temporal's token for a cursor.

    Raises:
        RunError: `invalid_filter`.
    """
    try:
        return base64.urlsafe_b64decode(cursor.encode())
    except (binascii.Error, ValueError) as error:
        raise RunError(
            "the cursor is not one that an earlier page gave", code="invalid_filter"
        ) from error


def quoted(text: str) -> str:
    """Text as a visibility query has it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def iso_moment(at: datetime) -> str:
    """A moment as a visibility query has it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _any(conditions: Iterable[str]) -> str:
    return f"({' OR '.join(conditions)})"
