"""The target `inbox`: people who look at answers when they have the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from wistro.errors import Issue
from wistro.options import Options
from wistro.targets.addresses import read_address, refuse
from wistro.targets.interface import Answer, Asked, Receipt, Unreached
from wistro.targets.services import TargetServices

_Who = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Address(Options):
    users: Annotated[tuple[_Who, ...], Field(max_length=100)] = ()
    roles: Annotated[tuple[_Who, ...], Field(max_length=100)] = ()


class InboxTarget:
    """Shows answers in the inbox."""

    many = True

    def check(self, address: Mapping[str, object], asked: Asked) -> Mapping[str, object]:
        """`{"users": […], "roles": […]}`; a user who names nobody means itself."""
        wanted, identity = read_address(_Address, address, "inbox"), asked.identity
        own = identity.id if identity.kind == "user" else None
        users = wanted.users or ((own,) if own and not wanted.roles else ())
        if not users and not wanted.roles:
            hint = 'say whose inbox: `{"target": "inbox", "users": ["anna"]}`, or `roles`'
            raise refuse("inbox", Issue(field="users", message="`users` is missing", hint=hint))
        insider = asked.development or identity.trusted or identity.kind in ("key", "flow", "app")
        if (users != (own,) or wanted.roles) and not insider:
            message = f"`users`: `{identity}` may not write to the inboxes of others"
            raise refuse("inbox", Issue(field="users", message=message))
        return {"users": list(users), "roles": list(wanted.roles)}

    async def deliver(
        self, answer: Answer, address: Mapping[str, object], services: TargetServices
    ) -> Receipt:
        """Show it."""
        if services.inbox is None:
            raise Unreached("this process has no access to the inbox")
        wanted = _Address.model_validate(address)
        await services.inbox.put_answer(
            answer.id, answer.document(), users=wanted.users, roles=wanted.roles
        )
        return Receipt()
