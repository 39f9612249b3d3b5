"""Checks of who may call: rules and keys that name what there is not, and doors that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wistro.access import CALL_ANY, Rule
from wistro.issues import did_you_mean
from wistro.project.checks import SETTINGS, Finding, Severity
from wistro.project.graph import Graph


def check_access(graph: Graph) -> tuple[Finding, ...]:
    """What is wrong with `allow`, `internal`, `auth` and `workbench` of a project."""
    return (*_rules(graph), *_scopes(graph), *_internal(graph), *_sign_in(graph))


def _rules(graph: Graph) -> Iterator[Finding]:
    """Rules that let in a flow or an app that there is not: mostly a slip of the pen."""
    apps = [app.id for app in graph.apps]
    for flow, said in graph.settings.flows.items():
        for index, rule in enumerate((said.callable and said.callable.allow) or ()):
            if not isinstance(rule, Rule):
                continue
            file, field = graph.declared_beside(flow)[0], f"flows.{flow}.callable.allow[{index}]"
            if rule.flow is not None and rule.flow not in graph.flows:
                yield _unknown("flow", rule.flow, file, f"{field}.flow", graph.flows)
            if rule.app is not None and rule.app not in apps:
                yield _unknown("app", rule.app, file, f"{field}.app", apps)


def _scopes(graph: Graph) -> Iterator[Finding]:
    for name, key in graph.settings.auth.keys.items():
        for index, scope in enumerate(key.scopes):
            kind, _, flow = scope.partition(":")
            if kind == "call" and scope != CALL_ANY and flow not in graph.flows:
                field = f"auth.keys.{name}.scopes[{index}]"
                yield _unknown("flow", flow, SETTINGS, field, graph.flows)


def _internal(graph: Graph) -> Iterator[Finding]:
    if graph.settings.endpoints.internal is not None:
        return
    for flow, said in graph.settings.flows.items():
        if said.callable is not None and said.callable.internal:
            yield _finding(
                "warning",
                "no_internal_listener",
                graph.declared_beside(flow)[0],
                f"flows.{flow}.callable.internal",
                f"the flow `{flow}` is internal, and the project has no internal listener: only other "
                "flows and holders of the management token can call it",
                f"say where it listens, in `{SETTINGS}`: `endpoints: {{ internal: {{ port: 3001 }} }}`",
            )


def _sign_in(graph: Graph) -> Iterator[Finding]:
    settings = graph.settings
    if settings.workbench.sign_in is not None and settings.auth.oidc is None:
        yield _finding(
            "error",
            "no_issuer",
            SETTINGS,
            "workbench.sign_in",
            "people are to sign in to the workbench, and there is no issuer of users",
            "say who it is: `auth: { oidc: { issuer: …, audience: … } }`",
        )


def _unknown(what: str, name: str, file: str, field: str, known: Sequence[str]) -> Finding:
    hint = did_you_mean(name, sorted(known)) if known else f"the project has no {what}s"
    # Apps come and go: a rule for one that is not there lets nobody in, and does no harm.
    severity: Severity = "warning" if what == "app" else "error"
    return _finding(severity, f"unknown_{what}", file, field, f"there is no {what} `{name}`", hint)


def _finding(
    severity: Severity, code: str, file: str, field: str, message: str, hint: str
) -> Finding:
    return Finding(severity=severity, code=code, file=file, field=field, message=message, hint=hint)
