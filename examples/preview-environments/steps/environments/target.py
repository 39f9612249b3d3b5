"""Where environments run. `local_target` has one such place; a cloud would be another."""

from __future__ import annotations

from typing import Protocol

from previews.model import Environment


class DeployTarget(Protocol):
    """A place where environments run.

    Both operations may be repeated at will: a step that was retried after a crash asks again.
    """

    async def start(self, environment: Environment) -> str:
        """Have exactly one process of this environment, at this revision; returns its address.

        A process of an earlier revision is replaced.

        Raises:
            DeployError: it did not start; trying again may help.
        """
        ...

    async def stop(self, environment_id: str) -> None:
        """Have no process of this environment.

        Raises:
            DeployError: it is still there; trying again may help.
        """
        ...


class DeployError(Exception):
    """The target could not do what was asked of it."""
