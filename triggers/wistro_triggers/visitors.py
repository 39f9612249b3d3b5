"""Visitors of the management API: who asks, what they may do, and the note of what they did."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from wistro.access import Identity, Refusal
from wistro.errors import WistroError
from wistro.project.workbench_settings import Level, WorkbenchSettings, covers
from wistro.stores.audit import Outcome
from wistro_triggers.problems import Problem

if TYPE_CHECKING:
    from wistro_triggers.admission import Admission

OPERATOR = "operator"
"""Who holders of the management token are that give no name."""

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., object])
_LEVEL, _ACTION = "__wistro_level__", "__wistro_action__"
_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_IN_COLUMNS = frozenset({"flow", "run_id", "delivery_id"})


@dataclass(kw_only=True)
class Visitor:
    """Who asks something of the management API."""

    identity: Identity
    level: Level
    about: dict[str, str | None] = field(default_factory=dict[str, str | None])
    """What the operation under way is about: `flow`, `run_id`, `delivery_id` and `subject`."""

    @property
    def name(self) -> str:
        """What they are called in records of what they did."""
        match self.identity.kind:
            case "token":
                return self.identity.id or OPERATOR
            case "user":
                return self.identity.id
            case _:
                return str(self.identity)

    def may(self, level: Level) -> bool:
        """Whether they may do what `level` allows."""
        return covers(self.level, level)


def at_level(level: Level) -> Callable[[_Endpoint], _Endpoint]:
    """Say what a route asks for, where it is not `view` for reading and `operate` for changing."""
    return lambda endpoint: _marked(endpoint, _LEVEL, level)


def operation(action: str) -> Callable[[_Endpoint], _Endpoint]:
    """Have the audit note what a route does, as `action`: `run.cancel`.

    What it is about comes from its path and query: `flow`, `run_id` and `delivery_id` by these names, all
    others as the subject. What only the route knows it adds: `visitor.about["run_id"] = …`.
    """
    return lambda endpoint: _marked(endpoint, _ACTION, action)


def level_of(endpoint: object, method: str) -> Level:
    """What a route asks for."""
    unsaid: Level = "operate" if method in _CHANGES else "view"
    return getattr(endpoint, _LEVEL, unsaid)


def action_of(endpoint: object) -> str | None:
    """What the audit calls what a route does."""
    return getattr(endpoint, _ACTION, None)


async def visiting(request: Request) -> Visitor:
    """Who asks: the guard of the router has let them in."""
    return cast("Visitor", request.state.visitor)


async def by(request: Request) -> str:
    """The name of who asks."""
    return (await visiting(request)).name


Asking = Annotated[Visitor, Depends(visiting)]
"""Who asks, for a route of the management API."""
By = Annotated[str, Depends(by)]
"""The name of who asks: what records of operations say."""


class Guard(SecurityBase):
    """A FastAPI dependency of routers that lets those in who may do what the route is for.

    Declare it with `scope="function"`: what was done is in the audit before the answer is on its way.
    """

    def __init__(self, admission: Admission, settings: Callable[[], WorkbenchSettings]) -> None:
        """Decide by the `settings` in use; refusals and operations are noted by `admission`."""
        self.model = HTTPBearer(
            description="The token in the project's `.wistro/token`, an API key or a user's token. "
            "Browsers show the cookie of a session instead."
        )
        self.scheme_name = "management token"
        self._admission = admission
        self._settings = settings

    async def __call__(self, request: HTTPConnection) -> AsyncGenerator[Visitor]:
        """Let the sender in, and note what is done.

        Raises:
            Problem: 401 or 403.
        """
        endpoint = getattr(request.scope.get("route"), "endpoint", None)
        wanted = level_of(endpoint, request.scope.get("method", "GET"))
        visitor = await self._admit(request, wanted)
        request.state.visitor = visitor
        action = action_of(endpoint)
        if action is None:
            yield visitor
            return
        try:
            yield visitor
        except RequestValidationError:
            raise  # nothing was tried
        except (WistroError, Problem) as error:
            await self._note(request, visitor, action, "failed", error.code)
            raise
        except Exception:
            await self._note(request, visitor, action, "failed", "internal_error")
            raise
        await self._note(request, visitor, action, "done")

    async def _admit(self, request: HTTPConnection, wanted: Level) -> Visitor:
        identity = await self._admission.identify(request, "manage")
        level = self._settings().level(identity)
        if level is not None and covers(level, wanted):
            return Visitor(identity=identity, level=level)
        raise self._admission.refuse(request, identity, "manage", _refusal(identity, level, wanted))

    async def _note(
        self,
        request: HTTPConnection,
        visitor: Visitor,
        action: str,
        outcome: Outcome,
        reason: str = "",
    ) -> None:
        given: Mapping[str, Any] = request.path_params | dict(request.query_params)
        rest = [str(value) for name, value in given.items() if name not in _IN_COLUMNS and value]
        about = {"subject": " / ".join(rest) or None}
        about |= {name: str(given[name]) for name in _IN_COLUMNS if name in given}
        await self._admission.did(
            request, visitor.identity, action, about | visitor.about, outcome=outcome, reason=reason
        )


def _refusal(identity: Identity, level: Level | None, wanted: Level) -> Refusal:
    if identity.kind == "anonymous":
        return Refusal(
            reason="unauthenticated",
            message="The request does not say who sends it.",
            hint="sign in to the workbench, or send `Authorization: Bearer <token>` with the management "
            "token of this project (`.wistro/token`)",
        )
    has = "has no access to the workbench" if level is None else f"may `{level}`, not `{wanted}`"
    return Refusal(
        reason="level_missing",
        message=f"The {identity.kind} `{identity.id}` {has}.",
        hint=f"`workbench.{wanted}` in `wistro.yml` would have to name them, or a role of theirs",
    )


def _marked(endpoint: _Endpoint, name: str, value: str) -> _Endpoint:
    setattr(endpoint, name, value)
    return endpoint
