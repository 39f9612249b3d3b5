"""The target `channel`: the tabs of one user, over WebSocket and server-sent events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import StringConstraints

from wistro.errors import Issue
from wistro.options import Options
from wistro.targets.addresses import read_address, refuse
from wistro.targets.interface import Answer, Asked, Receipt, Unreached
from wistro.targets.services import TargetServices


class _Address(Options):
    user: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class ChannelTarget:
    """Puts answers into channels, where they stay for tabs that are briefly away."""

    many = True

    def check(self, address: Mapping[str, object], asked: Asked) -> Mapping[str, object]:
        """`{"user": …}`. A user who calls means itself, and may name nobody else."""
        user, identity = read_address(_Address, address, "channel").user, asked.identity
        own = identity.id if identity.kind == "user" else None
        if user is None and own is None:
            hint = 'say whose channel: `{"target": "channel", "user": "anna"}`'
            raise refuse("channel", Issue(field="user", message="`user` is missing", hint=hint))
        insider = asked.development or identity.trusted or identity.kind in ("key", "flow", "app")
        if user is not None and user != own and not insider:
            message = f"`user`: `{identity}` may not send to the channel of `{user}`"
            hint = "users send to their own; keys and holders of the management token to any"
            raise refuse("channel", Issue(field="user", message=message, hint=hint))
        return {"user": user or own}

    async def deliver(
        self, answer: Answer, address: Mapping[str, object], services: TargetServices
    ) -> Receipt:
        """Put it there; whether somebody listens does not matter."""
        if services.channels is None:
            raise Unreached("this process has no access to the channels of users")
        await services.channels.put(str(address["user"]), answer.id, answer.document())
        return Receipt()
