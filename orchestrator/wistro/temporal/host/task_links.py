"""Links by which people without an account answer a task, once each."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import timedelta

from wistro_codec import Keys, TaskToken, mint_task_token, verify_task_token

LINK_LIFE = timedelta(days=7)
"""How long a link is good for when its task has no deadline, or is past it."""
TASK_PATH = "/task/"
"""Where links lead, below the public address of the project."""


class LinkMaker:
    """Makes and reads the links of tasks."""

    def __init__(
        self, keys: Keys, base: Callable[[], str], *, clock: Callable[[], float] = time.time
    ) -> None:
        """Take the keys that sign links, and where the public finds the project."""
        self._keys = keys
        self._base = base
        self._clock = clock

    def make(
        self,
        flow: str,
        run_id: str,
        delivery_id: str,
        *,
        to: str,
        due_at: float | None = None,
        vouched: bool = False,
    ) -> str:
        """The address by which `to` answers a task.

        Args:
            flow: The flow of the run.
            run_id: The run that has the task.
            delivery_id: The delivery that is the task.
            to: The person.
            due_at: The task's deadline, until which the link is good.
            vouched: Whether it counts even if the task is not assigned to them.

        Raises:
            CodecError: `key_unknown`, or `token_too_large`.
        """
        now = self._clock()
        life = now + LINK_LIFE.total_seconds()
        token = mint_task_token(
            self._keys,
            id=secrets.token_hex(8),
            flow=flow,
            run_id=run_id,
            delivery_id=delivery_id,
            to=to,
            vouched=vouched,
            expires_at=life if due_at is None or due_at <= now else due_at,
        )
        return f"{self._base().rstrip('/')}{TASK_PATH}{token}"

    def read(self, token: str) -> TaskToken:
        """What a link says.

        Raises:
            CodecError: `token_malformed`, `token_invalid` or `token_expired`.
        """
        return verify_task_token(self._keys, token, now=self._clock())
