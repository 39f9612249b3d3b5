"""The environments: their records in the project's state, and the work that changes them.

Each change follows `lifecycle`: claim it with compare-and-set, do the work, settle the record. All
of it may be repeated after a crash at any point.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wistro import Context, Retryable, Terminal

from previews.model import Branch, Environment, EnvironmentWanted

from . import lifecycle
from .lifecycle import Busy, Claim, Decision, Done
from .local_target import LocalTarget
from .target import DeployTarget

GROUP = "environments"
FOLDER = Path(__file__).parents[2] / ".wistro" / "previews"


@dataclass(frozen=True)
class Outcome:
    """An environment, and whether this delivery changed it."""

    environment: Environment
    changed: bool


class Environments:
    """The environments of every repository, as one delivery sees and changes them."""

    def __init__(self, ctx: Context, target: DeployTarget) -> None:
        self._state = ctx.state
        self._by = ctx.idempotency_key
        self._target = target

    async def all(self) -> list[Environment]:
        """Every environment that there is or was, in the order of their ids."""
        return [Environment.model_validate(value) for value in await self._state.get_group(GROUP)]

    async def alive(self, branch: Branch) -> list[Environment]:
        """Those that match the branch and are not stopped."""
        return [
            environment
            for environment in await self.all()
            if environment.repository == branch.repository
            and environment.branch == branch.name
            and not environment.stopped
        ]

    async def create(self, wanted: EnvironmentWanted) -> Outcome:
        """Create and start the environment, unless there is one that is not stopped."""

        async def decide() -> Decision:
            return lifecycle.create(wanted, await self.all(), self._by, _now())

        return await self._change(decide, self._start)

    async def restart(self, environment_id: str, commit: str) -> Outcome:
        """Give the environment a new process that runs `commit`, unless it is stopped."""

        async def decide() -> Decision:
            return lifecycle.restart(await self._get(environment_id), commit, self._by)

        return await self._change(decide, self._start)

    async def stop(self, environment_id: str, reason: str) -> Outcome:
        """Stop the environment for good, unless it is stopped."""

        async def decide() -> Decision:
            return lifecycle.stop(await self._get(environment_id), reason, self._by)

        return await self._change(decide, self._end)

    async def _change(
        self,
        decide: Callable[[], Awaitable[Decision]],
        work: Callable[[Environment], Awaitable[Environment]],
    ) -> Outcome:
        while True:
            match await decide():
                case Done(environment, mine):
                    if environment.ending:
                        # An attempt of this delivery may have started a process after the end.
                        await self._target.stop(environment.id)
                    return Outcome(environment, changed=mine)
                case Busy(environment):
                    raise Retryable(
                        f"`{environment.id}` is {environment.status} just now",
                        retry_after=timedelta(seconds=1),
                    )
                case Claim(before, claim):
                    if await self._replace(before, claim):
                        settled = await work(claim)
                        if await self._replace(claim, settled):
                            return Outcome(settled, changed=True)

    async def _start(self, claim: Environment) -> Environment:
        return lifecycle.running(claim, await self._target.start(claim))

    async def _end(self, claim: Environment) -> Environment:
        await self._target.stop(claim.id)
        return lifecycle.stopped(claim, self._by, _now())

    async def _get(self, environment_id: str) -> Environment:
        value = await self._state.get(GROUP, environment_id)
        if value is None:
            raise Terminal(
                f"there is no environment `{environment_id}`", hint="`GET /environments` lists them"
            )
        return Environment.model_validate(value)

    async def _replace(self, before: Environment | None, after: Environment) -> bool:
        """Store `after` if the record still is `before`."""
        if before == after:
            return True
        return await self._state.compare_and_set(GROUP, after.id, before, after)


def environments(ctx: Context) -> Environments:
    """The environments, on this machine; `PREVIEWS_FOLDER` says where its processes are known."""
    folder = os.environ.get("PREVIEWS_FOLDER")
    return Environments(ctx, LocalTarget(Path(folder) if folder else FOLDER))


def _now() -> datetime:
    return datetime.now(UTC)
