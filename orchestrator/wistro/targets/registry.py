"""Response targets by the names that calls give: the built-in ones, and those of `wistro.yml`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from wistro.errors import InvalidMessage, Issue, SetupError
from wistro.issues import did_you_mean
from wistro.project.answer_settings import AnswerSettings, TargetPlugin
from wistro.targets.channel import ChannelTarget
from wistro.targets.inbox import InboxTarget
from wistro.targets.interface import Asked, ResponseTarget
from wistro.targets.none import NoTarget
from wistro.targets.run import RunTarget
from wistro.targets.topic import TopicTarget
from wistro.targets.webhook import WebhookTarget

if TYPE_CHECKING:
    from wistro.project.lock import Lock

MakeTarget: TypeAlias = Callable[[Mapping[str, object]], ResponseTarget]
"""What `answers.targets` names: called with the options that stand there."""


class Targets:
    """The response targets of a project."""

    def __init__(self, lock: Callable[[], Lock], *, root: Path | None = None) -> None:
        """Take where the settings are, which may be others later.

        Args:
            lock: The lock in use.
            root: The project's folder, where targets of one's own may be.
        """
        self._lock = lock
        self._root = root
        self._built_in: Mapping[str, ResponseTarget] = {
            "none": NoTarget(),
            "webhook": WebhookTarget(lambda: self.settings.webhooks),
            "run": RunTarget(lock),
            "topic": TopicTarget(lock),
            "channel": ChannelTarget(),
            "inbox": InboxTarget(),
        }
        self._made: dict[str, tuple[TargetPlugin, ResponseTarget]] = {}

    @property
    def settings(self) -> AnswerSettings:
        """`answers` of the lock in use."""
        return self._lock().runtime.answers

    def get(self, name: str) -> ResponseTarget | None:
        """The target of this name.

        Raises:
            SetupError: it is one of `wistro.yml`, and cannot be made.
        """
        plugin = self.settings.targets.get(name)
        if plugin is None:
            return self._built_in.get(name)
        made = self._made.get(name)
        if made is None or made[0] != plugin:
            made = self._made[name] = (plugin, self._make(name, plugin))
        return made[1]

    def check(
        self, name: str, address: Mapping[str, object], asked: Asked
    ) -> tuple[ResponseTarget, Mapping[str, object]]:
        """The target that a call names, and the address as the target wants it.

        Raises:
            InvalidMessage: there is no such target, or the address is not right.
            SetupError: the target cannot be made.
        """
        target = self.get(name)
        if target is None:
            known = sorted({*self._built_in, *self.settings.targets})
            message = f"`target`: there is no response target `{name}`"
            issue = Issue(field="target", message=message, hint=did_you_mean(name, known))
            raise InvalidMessage(message, issues=[issue], hint=issue.hint)
        return target, target.check(address, asked)

    def _make(self, name: str, plugin: TargetPlugin) -> ResponseTarget:
        module, _, attribute = plugin.use.partition(":")
        root = None if self._root is None else str(self._root)
        if root is not None and root not in sys.path:
            # Last: a folder of the project must not hide a package that is installed.
            sys.path.append(root)
        try:
            make = cast("MakeTarget", getattr(import_module(module), attribute))
            return make(plugin.options)
        except Exception as error:
            raise SetupError(
                f"the response target `{name}` cannot be made of `{plugin.use}`:"
                f" {type(error).__name__}: {error}",
                code="bad_target",
                hint="name an importable class as `package.module:Class` in `answers.targets`",
            ) from error
