"""Lists runs through Temporal's visibility."""

from __future__ import annotations

import base64
import binascii
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
    """Which runs to list. `status` is a run's status, or `held`: those that wait for an operator."""

    project: str
    flow: str | None = None
    status: str | None = None
    trigger: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    """The beginning of a run id, looked for within `flow`, or a whole run id or workflow id."""

    def query(self) -> str:
        """The filter as a visibility query.

        Raises:
            RunError: `invalid_filter`.
        """
        parts = [
            f"TaskQueue = {quoted(wire.runs_queue(self.project))}",
            f"WorkflowType != {quoted(wire.STREAM_ACCESS)}",
            f"WorkflowType != {quoted(wire.ANSWER_WORKFLOW)}",
        ]
        if self.flow is not None:
            parts.append(f"WorkflowType = {quoted(self.flow)}")
        if self.status is not None:
            if self.status not in _STATUS_QUERIES:
                known = ", ".join(f"`{status}`" for status in _STATUS_QUERIES)
                raise RunError(
                    f"there is no status `{self.status}`; there are {known}", code="invalid_filter"
                )
            parts.append(_STATUS_QUERIES[self.status])
        if self.trigger is not None:
            operator = "=" if ":" in self.trigger else "STARTS_WITH"
            parts.append(f"{wire.TRIGGER_ATTRIBUTE.name} {operator} {quoted(self.trigger)}")
        if self.since is not None:
            parts.append(f"StartTime >= {quoted(iso_moment(self.since))}")
        if self.until is not None:
            parts.append(f"StartTime < {quoted(iso_moment(self.until))}")
        if self.text:
            prefix = self.text if "/" in self.text or not self.flow else f"{self.flow}/{self.text}"
            parts.append(f"WorkflowId STARTS_WITH {quoted(prefix)}")
        return " AND ".join(parts)


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
