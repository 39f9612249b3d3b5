"""Where callers want answers brought to, as requests say it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from wistro.errors import InvalidMessage
from wistro.targets import Asked, Targets
from wistro.temporal import wire

if TYPE_CHECKING:
    from wistro.access import Identity


class RespondTo(BaseModel):
    """A response target, and the address that it needs: `{"target": "webhook", "url": …}`."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    target: str
    """`webhook`, `topic`, `run`, `channel`, `inbox`, `none`, or one of the project's own."""

    @property
    def address(self) -> dict[str, object]:
        """What stands beside the target."""
        return dict(self.model_extra or {})


def accept_target(
    targets: Targets,
    given: RespondTo | None,
    flow: str,
    identity: Identity,
    *,
    development: bool = False,
) -> wire.RespondTo | None:
    """The response target of a call, once its address is found to be right.

    Raises:
        InvalidMessage: it is not; each issue names its field below `respond_to`.
    """
    if given is None or given.target == "none":
        return None
    asked = Asked(flow=flow, identity=identity, development=development)
    try:
        target, address = targets.check(given.target, given.address, asked)
    except InvalidMessage as error:
        issues = [replace(issue, field=f"respond_to.{issue.field}") for issue in error.issues]
        raise InvalidMessage(error.message, issues=issues, hint=error.hint) from None
    return wire.RespondTo(target=given.target, address=dict(address), many=target.many)
