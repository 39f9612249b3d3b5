"""Who may call, as `wistro.yml` says it: errors, the lock, and what the checks find."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.project.writing import compile_here, findings, write_project
from wistro.access import Rule
from wistro.errors import SetupError
from wistro.project.auth_settings import KeySettings
from wistro.project.settings import read_settings

CALL = """
    from wistro import *
    config = CallStep(name='Refund', flows=['refunds'], responds=True)
    async def handler(data, ctx): await ctx.respond(1)
"""
ALLOW = "flows:\n  refunds:\n    callable:\n      allow: "
OIDC = "auth:\n  oidc:\n    audience: shop\n"


@pytest.mark.parametrize(
    ("text", "line", "field", "message"),
    [
        (ALLOW + "[]\n", 4, "flows.refunds.callable.allow", "at least 1 item"),
        (ALLOW + "[pubic]\n", 4, "flows.refunds.callable.allow[0]", "'public' or 'token'"),
        (ALLOW + "[{kee: x}]\n", 4, "flows.refunds.callable.allow[0].kee", "unknown field `kee`"),
        (ALLOW + "[{}]\n", 4, "flows.refunds.callable.allow[0]", "exactly one of `key`"),
        (ALLOW + "[{key: ''}]\n", 4, "flows.refunds.callable.allow[0].key", "at least 1"),
        (
            ALLOW + "[public, {role: a, user: b}]\n",
            4,
            "flows.refunds.callable.allow[1]",
            "found `user`, `role`",
        ),
        (
            ALLOW + "[{key: a}]\n      access: public\n",
            3,
            "flows.refunds.callable",
            "write `public` as a rule of `allow`, and leave `access` out",
        ),
        (
            "auth:\n  keys:\n    front: { secret: A, scopes: [calls] }\n",
            3,
            "auth.keys.front.scopes[0]",
            "expected `call:*`, `call:<flow>` or `inbox`, found `calls`",
        ),
        ("auth:\n  keys:\n    a b: { secret: A }\n", 3, "auth.keys.a b", "letters, digits"),
        ("auth:\n  keys:\n    a: {}\n", 3, "auth.keys.a.secret", "is missing"),
        (OIDC + "    issuer: http://a.example\n", 4, "auth.oidc.issuer", "begins with `https://`"),
        (OIDC + "    issuer: a.example\n", 4, "auth.oidc.issuer", "begins with `https://`"),
        (
            OIDC + "    issuer: https://a.example\n    algorithms: [HS256]\n",
            5,
            "auth.oidc.algorithms[0]",
            "found `'HS256'`",
        ),
        (
            OIDC + "    issuer: https://a.example\n    algorithms: [none]\n",
            5,
            "auth.oidc.algorithms[0]",
            "found `'none'`",
        ),
        ("endpoints:\n  internal: { prot: 1 }\n", 2, "endpoints.internal.prot", "unknown field"),
    ],
)
def test_errors(tmp_path: Path, text: str, line: int, field: str, message: str) -> None:
    (tmp_path / "wistro.yml").write_text(text)
    with pytest.raises(SetupError) as caught:
        read_settings(tmp_path)
    issue = caught.value.issues[0]
    assert (issue.field, issue.line) == (field, line)
    assert message in issue.message


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    text = """
        flows:
          refunds:
            callable:
              internal: true
              allow: [public, token, {key: a}, {role: b}, {user: c}, {scope: d}, {flow: refunds}]
        endpoints:
          internal: {}
        auth:
          keys:
            a: { secret: KEY_A, scopes: ["call:*", "call:refunds", inbox], roles: [agent] }
          oidc: { issuer: "http://localhost:8080/realm", audience: [shop, desk], leeway: 30s }
    """
    root = write_project(tmp_path, {"wistro.yml": text, "steps/refund.step.py": CALL})
    compiled = compile_here(root)
    assert compiled.ok
    assert not [f for f in compiled.findings if f.code.startswith(("unknown", "no_internal"))]
    found = compiled.lock.flows["refunds"].callable
    assert found is not None
    assert found.internal
    assert found.allow is not None
    assert found.allow[:3] == ("public", "token", Rule(key="a"))
    runtime = compiled.lock.runtime
    assert runtime.endpoints.internal is not None
    assert runtime.endpoints.internal.port == 3001
    assert runtime.auth.keys["a"] == KeySettings(
        secret="KEY_A", scopes=("call:*", "call:refunds", "inbox"), roles=("agent",)
    )
    assert runtime.auth.oidc is not None
    assert runtime.auth.oidc.audiences == ("shop", "desk")
    assert runtime.auth.oidc.leeway == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("text", "severity", "code", "field", "hint"),
    [
        (
            "flows: { refunds: { callable: { allow: [{flow: refnds}] } } }",
            "error",
            "unknown_flow",
            "flows.refunds.callable.allow[0].flow",
            "did you mean `refunds`?",
        ),
        (
            "flows: { refunds: { callable: { allow: [public, {app: returns}] } } }",
            "warning",
            "unknown_app",
            "flows.refunds.callable.allow[1].app",
            "the project has no apps",
        ),
        (
            "auth: { keys: { a: { secret: A, scopes: ['call:*', 'call:refund'] } } }",
            "error",
            "unknown_flow",
            "auth.keys.a.scopes[1]",
            "did you mean `refunds`?",
        ),
        (
            "flows: { refunds: { callable: { internal: true } } }",
            "warning",
            "no_internal_listener",
            "flows.refunds.callable.internal",
            "endpoints: { internal: { port: 3001 } }",
        ),
    ],
)
def test_what_the_checks_find(
    tmp_path: Path, text: str, severity: str, code: str, field: str, hint: str
) -> None:
    root = write_project(tmp_path, {"wistro.yml": text, "steps/refund.step.py": CALL})
    (found,) = (finding for finding in findings(root) if finding.code == code)
    assert (found.severity, found.file, found.field) == (severity, "wistro.yml", field)
    assert hint in found.hint
