"""How a handler wants to be called: with which arguments, and on the loop or in a thread."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_origin, get_type_hints

from wistro.context import Context
from wistro.errors import SetupError

Handler = Callable[..., object]

_CONTEXT_NAMES = frozenset({"ctx", "context", "_ctx", "_context"})


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What `inspect` found out about a handler."""

    takes_input: bool
    takes_context: bool
    is_async: bool

    def arguments(self, data: object, context: object) -> tuple[object, ...]:
        """What to call the handler with."""
        given = (data,) if self.takes_input else ()
        return (*given, context) if self.takes_context else given


def signature_of(handler: Handler, *, kind: str, step: str) -> Signature:
    """Read the signature of the handler of a step.

    `(input, ctx)`, `(ctx)`, `(input)` and `()` are accepted. A single argument is the context in a cron
    step, when it is annotated as a `Context`, and when it is called `ctx` or `context`.

    Raises:
        SetupError: when the handler wants something else.
    """
    try:
        parameters = list(inspect.signature(handler).parameters.values())
    except (TypeError, ValueError):  # built in C, and silent about its arguments
        parameters = [_positional("input"), _positional("ctx")]
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        positional = [*positional, _positional("input"), _positional("ctx")][:2]
    required = [p.name for p in positional[2:] if p.default is p.empty]
    required += [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    if required:
        named = ", ".join(f"`{name}`" for name in required)
        raise SetupError(
            f"the handler of `{step}` expects {named} besides its input and its context",
            code="bad_handler",
            hint="write `async def handler(input, ctx)`",
        )
    match positional[:2]:
        case [_, _]:
            takes_input, takes_context = True, True
        case [one]:
            takes_context = kind == "cron" or _is_context(one, handler)
            takes_input = not takes_context
        case _:
            takes_input, takes_context = False, False
    return Signature(
        takes_input=takes_input, takes_context=takes_context, is_async=_is_async(handler)
    )


def _positional(name: str) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY)


def _is_async(handler: Handler) -> bool:
    # A decorator that passes on what an async handler returns is async, though it says `def`.
    inner = inspect.unwrap(handler)
    call = getattr(inner, "__call__", None)  # noqa: B004 # instances with an async `__call__`
    return inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(call)


def _is_context(parameter: inspect.Parameter, handler: Handler) -> bool:
    annotation: object = parameter.annotation
    if annotation is parameter.empty:
        return parameter.name in _CONTEXT_NAMES
    if isinstance(annotation, str):
        holder = type("Holder", (), {"__annotations__": {"value": annotation}})
        names = getattr(inspect.unwrap(handler), "__globals__", {})
        try:
            annotation = get_type_hints(holder, globalns=names)["value"]
        except NameError:  # the context is often imported for type checkers alone
            return "Context" in annotation
    origin = get_origin(annotation) or annotation
    return isinstance(origin, type) and issubclass(origin, Context)
