"""The flows that can be called: which one a name means, and what they answer."""

from __future__ import annotations

from wistro.errors import RunError
from wistro.issues import did_you_mean
from wistro.project.lock import Lock
from wistro.schemas import JsonSchema


def callable_flow(lock: Lock, name: str, *, app: str | None = None, internal: bool = True) -> str:
    """The flow that is called as `name`: a flow's id, or the name of an app with one main flow.

    Args:
        lock: The project.
        name: What the caller says.
        app: The app that calls, if one does: its own flows may be named without the app before them.
        internal: Whether the caller may know of internal flows; else it is as if there were none.

    Raises:
        RunError: `not_callable`, when no flow is; `ambiguous_call`, when an app has several of them.
    """
    hidden = {id for id, flow in lock.flows.items() if flow.callable and flow.callable.internal}
    hidden = set[str]() if internal else hidden
    flows = {id for id, flow in lock.flows.items() if flow.callable} - hidden
    found = next((id for id in (f"{app}.{name}", name) if id in flows), None)
    installed = lock.apps.get(name)
    if found is None and installed is not None and installed.callable in flows:
        found = installed.callable
    if found is not None:
        return found
    several = [id for id in installed.flows if id in flows] if installed else []
    if several:
        listed = ", ".join(f"`{id}`" for id in several)
        raise RunError(
            f"the app `{name}` has several flows that can be called: {listed}",
            flow=name,
            code="ambiguous_call",
            hint=f"call one of them, or name it as `call` in `{lock.apps[name].path}/wistro.yml`",
        )
    if (name in lock.flows and name not in hidden) or installed:
        what, hint = f"`{name}` cannot be called", "give it a call step"
    else:
        known = sorted({*flows, *(id for id, each in lock.apps.items() if each.callable in flows)})
        what = f"there is no flow `{name}` that can be called"
        hint = did_you_mean(name, known) if known else "give one a call step"
    raise RunError(what, flow=name, code="not_callable", hint=hint)


def answer_schemas(lock: Lock) -> dict[str, JsonSchema]:
    """What flows say their answers look like, by flow; a flow that says nothing is left out."""
    answers = {id: flow.callable and flow.callable.output for id, flow in lock.flows.items()}
    return {id: schema for id, schema in answers.items() if schema}
