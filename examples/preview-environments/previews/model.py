"""The words of the example: what happened to a branch, and the environments that follow it."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict


class EnvironmentType(StrEnum):
    """What an environment is for. A push never restarts production by itself."""

    PREVIEW = "preview"
    STAGING = "staging"
    PRODUCTION = "production"


class Status(StrEnum):
    """Where an environment is in its life; only `stopped` is final."""

    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"


class Message(BaseModel):
    """A message between steps: immutable, and open to fields that later versions add."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Branch(Message):
    """A branch, and the commit it is at."""

    repository: str
    """The full name, for example `Codertocat/Hello-World`."""
    name: str
    """The branch; with its owner (`fork:branch`) when it lives in a fork."""
    commit: str
    pull_request: int | None = None
    """The number of the pull request that spoke of it."""


class EnvironmentWanted(Message):
    """Somebody needs this app to run this branch."""

    app: str
    account: str
    """Who pays for it."""
    branch: Branch
    type: EnvironmentType = EnvironmentType.PREVIEW
    limit: timedelta | None = None
    """The age at which it is stopped in the night; none: it stays."""


class EnvironmentOutdated(Message):
    """An environment should run another commit."""

    environment: str
    commit: str


class EnvironmentUnwanted(Message):
    """Nobody needs this environment any more."""

    environment: str
    reason: str


class Environment(Message):
    """One environment. It is created once and never comes back after it was stopped."""

    id: str
    app: str
    account: str
    repository: str
    branch: str
    commit: str
    type: EnvironmentType
    pull_request: int | None
    status: Status
    revision: int
    """Counts the processes it had: 1 after its creation, one more for each restart."""
    deliveries: tuple[str, ...]
    """Who created it, then the last who changed it: a retried delivery knows its own work."""
    created_at: AwareDatetime
    limit: timedelta | None = None
    url: str | None = None
    """Where it answers, while it runs."""
    stopped_at: AwareDatetime | None = None
    reason: str | None = None
    """Why it was stopped."""

    @property
    def stopped(self) -> bool:
        return self.status is Status.STOPPED

    @property
    def ending(self) -> bool:
        """Whether it is stopped, or about to be."""
        return self.status in (Status.STOPPING, Status.STOPPED)

    @property
    def by(self) -> str:
        """The delivery that moved it to its status."""
        return self.deliveries[-1]

    def lived(self, now: datetime) -> timedelta:
        """How long it has lived, until `now` or until it was stopped."""
        return (self.stopped_at or now) - self.created_at

    def outlived(self, now: datetime) -> bool:
        """Whether it is past its limit and should be stopped."""
        return not self.stopped and self.limit is not None and self.lived(now) > self.limit


def environment_id(wanted: EnvironmentWanted, number: int) -> str:
    """The id of the `number`th environment of an app, branch and type.

    It is readable, fits a host name, and differs for branches such as `a/b` and `a-b`.
    """
    branch = wanted.branch
    identity = "\n".join((branch.repository, wanted.app, branch.name, wanted.type))
    digest = hashlib.sha256(identity.encode()).hexdigest()[:6]
    readable = re.sub(r"[^a-z0-9]+", "-", f"{wanted.app}-{branch.name}".lower()).strip("-")
    return f"{readable[:40]}-{digest}-{number}"
