"""What the routes of the management API work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from fastapi import Path
from pydantic import BaseModel, ConfigDict

from wistro.stores.audit_buffer import AuditBuffer
from wistro.stores.counting import RollupCounter
from wistro.stores.inbox import InboxStore
from wistro.stores.journal import Journal
from wistro.stores.spans import SpanStore
from wistro.stores.state import StateStore
from wistro.targets import Targets
from wistro_triggers.live import LiveStreams
from wistro_triggers.messages import Messages
from wistro_triggers.problems import ErrorAnswer
from wistro_triggers.streams_worker_api import Served
from wistro_triggers.visitors import OPERATOR, Asking, By, at_level, operation

if TYPE_CHECKING:
    from wistro.project import Project
    from wistro.project.lock import Lock
    from wistro.temporal.host.engine import Engine
    from wistro.temporal.host.waits import Waits

__all__ = [
    "ERRORS",
    "OPERATOR",
    "Asking",
    "By",
    "FlowPath",
    "Request",
    "RunPath",
    "Site",
    "View",
    "at_level",
    "operation",
]

FlowPath = Annotated[str, Path(description="The flow of the run.")]
RunPath = Annotated[str, Path(description="The run's id.")]

ERRORS: dict[int | str, dict[str, object]] = {
    "default": {"model": ErrorAnswer, "description": "What went wrong."}
}


@dataclass(frozen=True, kw_only=True)
class Site:
    """The project that is served, and the means to look at it and act on it."""

    engine: Engine
    state: StateStore
    streams: Served
    journal: Journal
    counter: RollupCounter
    """Counts the journal into the rollups."""
    inbox: InboxStore
    """Lists what runs ask people."""
    audit: AuditBuffer
    """Notes who did what, and who was refused what."""
    project: Project
    live: LiveStreams
    messages: Messages
    targets: Targets
    """Where answers of calls may go."""
    waits: Waits | None = None
    """Brings messages to the runs that wait for them."""
    spans: SpanStore | None = None
    """What the processes traced, where that is kept."""
    development: bool = False
    """Whether the project is being worked on, here: `wistro dev`."""
    namespace: str = "default"
    """The namespace of Temporal that runs are in."""
    temporal_ui: str | None = None
    """Where the Temporal UI is, as far as we know."""

    @property
    def lock(self) -> Lock:
        """The lock in use: it changes when the project is reloaded."""
        return self.engine.lock


class View(BaseModel):
    """What the management API answers with."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Request(BaseModel):
    """What the management API is asked with; unknown fields are refused."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True
    )
