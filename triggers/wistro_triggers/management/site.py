"""What the routes of the management API work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from fastapi import Path
from pydantic import BaseModel, ConfigDict

from wistro.stores.audit_buffer import AuditBuffer
from wistro.stores.journal import Journal
from wistro.stores.state import StateStore
from wistro.targets import Targets
from wistro_triggers.live import LiveStreams
from wistro_triggers.messages import Messages
from wistro_triggers.problems import ErrorAnswer
from wistro_triggers.streams_worker_api import Served

if TYPE_CHECKING:
    from wistro.project import Project
    from wistro.project.lock import Lock
    from wistro.temporal.host.engine import Engine
    from wistro.temporal.host.waits import Waits

OPERATOR = "operator"
"""Who holders of the management token are, in the records of what they did."""

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
    audit: AuditBuffer
    """Notes who was refused what."""
    project: Project
    live: LiveStreams
    messages: Messages
    targets: Targets
    """Where answers of calls may go."""
    waits: Waits | None = None
    """Brings messages to the runs that wait for them."""
    development: bool = False
    """Whether the project is being worked on, here: `wistro dev`."""

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
