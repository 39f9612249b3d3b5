"""What the pages of flows ask for: steps in full, source code, positions, custom nodes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.triggers.conftest import Shop
from wistro.project.layout import LAYOUT_FILE

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

API = "/_wistro/api"


def root_of(shop: Shop) -> Path:
    return shop.runtime.project.root


async def code_of_pack(shop: Shop) -> dict[str, object]:
    """The code of a step, once it is known whether it has changed."""
    async with asyncio.timeout(60):
        while True:
            source = (await shop.admin.get(f"{API}/flows/orders/steps/pack/source")).json()
            if source["changed"] is not None:
                return source


async def test_a_step_in_full(shop: Shop) -> None:
    step = (await shop.admin.get(f"{API}/flows/orders/steps/place_order")).json()
    assert step["trigger"] == "POST /shops/{shop}/orders"
    assert step["endpoint"]["path"] == "/shops/{shop}/orders"
    (emitted,) = [each for each in step["emitted"] if each["topic"] == "order.placed"]
    assert (emitted["shared"], emitted["targets"]) == (True, ["pack", "ship"])
    assert emitted["message"]["type"] == "object"
    policy = {fact["label"]: fact["text"] for fact in step["policy"]}
    assert policy["Attempts"].startswith("3, with waits of 1 second, 2 seconds")
    assert policy["When they are exhausted"] == "The run fails"


async def test_unknown_steps_are_named(shop: Shop) -> None:
    for path, code in (("orders/steps/pak", "step_not_found"), ("x/steps/pack", "flow_not_found")):
        answer = await shop.admin.get(f"{API}/flows/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)


async def test_the_graph_says_where_messages_cross(shop: Shop) -> None:
    graph = (await shop.admin.get(f"{API}/flows/orders")).json()["graph"]
    assert graph["others"] == [{"id": "parcels", "name": "Parcels"}]
    outside = [edge for edge in graph["edges"] if edge["kind"] == "outside"]
    assert [(e["source"], e["topic"], e["target"]) for e in outside] == [
        ("", "payment.arrived", "payment")
    ]


async def test_the_code_of_a_step(shop: Shop) -> None:
    source = await code_of_pack(shop)
    assert (source["path"], source["language"], source["first_line"]) == (
        "steps/pack.step.py",
        "python",
        1,
    )
    assert source["text"] == (root_of(shop) / "steps/pack.step.py").read_text()
    assert source["changed"] is False
    wanted = {"path": "steps/pack.step.py", "line": 1}
    piece = (await shop.admin.get(f"{API}/source", params=wanted)).json()
    assert piece["line"] == 1
    assert str(source["text"]).startswith(piece["text"])


async def test_a_step_whose_code_has_changed(shop: Shop) -> None:
    file = root_of(shop) / "steps/pack.step.py"
    before = file.read_text()
    file.write_text(before + "\n# changed\n")
    try:
        assert (await code_of_pack(shop))["changed"] is True
        file.rename(file.with_suffix(".away"))
        gone = await shop.admin.get(f"{API}/flows/orders/steps/pack/source")
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "source_missing")
    finally:
        file.with_suffix(".away").unlink(missing_ok=True)
        file.write_text(before)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.py",
        "steps/../../secret.py",
        "/etc/passwd",
        "/secret.py",
        "wistro.yml",
        ".env",
        ".env.py",
        ".wistro/token",
        ".wistro/keys.py",
        "node_modules/x/index.js",
        "steps/.hidden/x.py",
        "steps/link.step.py",
        "steps/linked/secret.py",
        "steps/to_env.py",
        "steps/a\0b.py",
        "steps",
        "",
        ".",
    ],
)
async def test_nothing_but_source_is_shown(shop: Shop, path: str) -> None:
    root = root_of(shop)
    (root.parent / "secret.py").write_text("secret = 1\n")
    (root / ".env").write_text("SECRET=1\n")
    (root / ".env.py").write_text("secret = 1\n")
    (root / "node_modules/x").mkdir(parents=True, exist_ok=True)
    (root / "node_modules/x/index.js").write_text("secret = 1\n")
    links = {
        "steps/link.step.py": root.parent / "secret.py",
        "steps/linked": root.parent,
        "steps/to_env.py": root / ".env",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    try:
        answer = await shop.admin.get(f"{API}/source", params={"path": path})
    finally:
        for name in links:
            (root / name).unlink()
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "source_refused")


async def test_large_files_are_not_shown(shop: Shop) -> None:
    (root_of(shop) / "large.py").write_text("#" * 600_000)
    answer = await shop.admin.get(f"{API}/source", params={"path": "large.py"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "source_too_large")
    (root_of(shop) / "large.py").unlink()


async def test_source_needs_a_token(shop: Shop) -> None:
    answer = await shop.http.get(f"{API}/source", params={"path": "steps/pack.step.py"})
    assert answer.status_code == 401


async def test_positions_are_read_only_outside_of_development(shop: Shop) -> None:
    layout = (await shop.admin.get(f"{API}/flows/orders/layout")).json()
    assert layout == {"positions": {}, "source": None, "writable": False}
    answer = await shop.admin.put(f"{API}/flows/orders/layout", json={"positions": {}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "layout_read_only")
    assert not (root_of(shop) / LAYOUT_FILE).exists()
