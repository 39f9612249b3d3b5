"""The rules of an environment's life, as pure functions from a record to its next record.

Several events of one branch may be handled at once, and any step may be retried after a crash. So a
step first *claims* the change it is about to make by storing the record returned here
(compare-and-set), then does the work, then *settles* the record. Who finds a claim of another
delivery waits for it, except that stopping takes over from anybody: whoever was starting the
environment then finds its claim gone, and cleans up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from previews.model import Environment, EnvironmentWanted, Status, environment_id


@dataclass(frozen=True)
class Claim:
    """Store `environment` in the place of `before`, then do the work."""

    before: Environment | None
    environment: Environment


@dataclass(frozen=True)
class Done:
    """Nothing to do. `mine` says that an earlier attempt of the same delivery did it."""

    environment: Environment
    mine: bool = False


@dataclass(frozen=True)
class Busy:
    """Another delivery is at work on it; ask again soon."""

    environment: Environment


Decision = Claim | Done | Busy

REMEMBERED = 20
"""How many deliveries a record remembers: far more than can be in the middle of a retry."""


def create(
    wanted: EnvironmentWanted, existing: Iterable[Environment], by: str, now: datetime
) -> Decision:
    """At most one environment of an app, branch and type is not stopped.

    The new id carries its number in the row of such environments, and its record is stored only if
    there is none: two deliveries that want the same environment want the same id, and one wins.
    """
    row = [environment for environment in existing if _is_same(environment, wanted)]
    mine = next((environment for environment in row if environment.deliveries[0] == by), None)
    if mine is not None and mine.status is Status.STARTING:
        return Claim(mine, mine)
    if mine is not None:
        return Done(mine, mine=mine.status in (Status.RUNNING, Status.RESTARTING))
    alive = next((environment for environment in row if not environment.stopped), None)
    if alive is not None:
        return Busy(alive) if alive.status is Status.STOPPING else Done(alive)
    branch = wanted.branch
    claim = Environment(
        id=environment_id(wanted, len(row) + 1),
        app=wanted.app,
        account=wanted.account,
        repository=branch.repository,
        branch=branch.name,
        commit=branch.commit,
        type=wanted.type,
        pull_request=branch.pull_request,
        status=Status.STARTING,
        revision=1,
        deliveries=(by,),
        created_at=now,
        limit=wanted.limit,
    )
    return Claim(None, claim)


def restart(environment: Environment, commit: str, by: str) -> Decision:
    """A running environment gets a new process with the new commit, once per delivery."""
    if environment.ending:
        return Done(environment)
    if environment.status is Status.RESTARTING and environment.by == by:
        return Claim(environment, environment)
    if by in environment.deliveries:
        return Done(environment, mine=True)
    if environment.status is not Status.RUNNING:
        return Busy(environment)
    claim = environment.model_copy(
        update={
            "status": Status.RESTARTING,
            "revision": environment.revision + 1,
            "commit": commit,
            "deliveries": _signed(environment, by),
        }
    )
    return Claim(environment, claim)


def stop(environment: Environment, reason: str, by: str) -> Decision:
    """Stopping wins over everything else that may be happening to the environment."""
    if environment.stopped:
        return Done(environment, mine=environment.by == by)
    if environment.status is Status.STOPPING:
        return Claim(environment, environment)  # helps whoever began, who may have died
    claim = environment.model_copy(update={"status": Status.STOPPING, "reason": reason})
    return Claim(environment, claim)


def running(claim: Environment, url: str) -> Environment:
    """The record of an environment whose process answers at `url`."""
    return claim.model_copy(update={"status": Status.RUNNING, "url": url})


def stopped(claim: Environment, by: str, now: datetime) -> Environment:
    """The record of an environment whose process is gone."""
    return claim.model_copy(
        update={
            "status": Status.STOPPED,
            "url": None,
            "stopped_at": now,
            "deliveries": _signed(claim, by),
        }
    )


def _signed(environment: Environment, by: str) -> tuple[str, ...]:
    creator, *others = environment.deliveries
    return (creator, *others[-REMEMBERED:], by)


def _is_same(environment: Environment, wanted: EnvironmentWanted) -> bool:
    branch = wanted.branch
    return (environment.repository, environment.app, environment.branch, environment.type) == (
        branch.repository,
        wanted.app,
        branch.name,
        wanted.type,
    )
