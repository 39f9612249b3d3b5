"""React components beside step files, bundled for the workbench."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.triggers.conftest import Shop
from wistro.project.custom_nodes import custom_node_of

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js"),
]

API = "/_wistro/api"
NODE = """
import { useState } from 'react'
import { BaseNode, type EventNodeProps } from 'wistro/workbench'
import { colour } from './colours'

export function Node({ data }: EventNodeProps) {
  const [open] = useState(false)
  return <BaseNode data={data} title="Pack it">{open ? null : colour}</BaseNode>
}
"""


@pytest.fixture
def files(shop: Shop) -> Iterator[Path]:
    """The folder of the shop's steps, cleared of what a test put there."""
    folder = shop.runtime.project.root / "steps"
    before = set(folder.iterdir())
    yield folder
    for path in set(folder.iterdir()) - before:
        path.unlink()


async def address(shop: Shop, step: str = "pack") -> str | None:
    graph = (await shop.admin.get(f"{API}/flows/orders")).json()["graph"]
    return next(node["custom_node"] for node in graph["nodes"] if node["id"] == step)


async def test_a_component_beside_a_step_is_bundled(shop: Shop, files: Path) -> None:
    assert await address(shop) is None
    (files / "pack.node.tsx").write_text(NODE)
    (files / "colours.ts").write_text("export const colour: string = 'wisteria'\n")
    where = await address(shop)
    assert where is not None

    answer = await shop.admin.get(where)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/javascript")
    module = answer.text
    assert "wisteria" in module
    assert "globalThis.wistroWorkbench.react" in module
    assert "\nimport " not in module, "a browser finds nothing by a bare name"

    known = await shop.admin.get(where, headers={"if-none-match": answer.headers["etag"]})
    assert known.status_code == 304

    (files / "colours.ts").write_text("export const colour = 'lilac'\n")
    assert "lilac" in (await shop.admin.get(where)).text, "what it imports has changed"
    (files / "pack.node.tsx").write_text(NODE + "\n// changed\n")
    assert await address(shop) != where


async def test_a_component_that_does_not_compile_says_where(shop: Shop, files: Path) -> None:
    (files / "pack.node.tsx").write_text("export const Node = () => <b>\n")
    where = await address(shop)
    assert where is not None
    answer = await shop.admin.get(where)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "node_not_bundled")
    assert "steps/pack.node.tsx:1" in error["message"]
    assert "hint:" in error["message"]


async def test_many_ask_at_once(shop: Shop, files: Path) -> None:
    (files / "pack.node.tsx").write_text("export default () => <b>here</b>\n")
    where = await address(shop)
    assert where is not None
    answers = await asyncio.gather(*(shop.admin.get(where) for _ in range(8)))
    assert {each.status_code for each in answers} == {200}


async def test_steps_without_one_have_none(shop: Shop) -> None:
    for step in ("pack", "no_such_step"):
        answer = await shop.admin.get(f"{API}/nodes/{step}.js")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "node_not_found")
    assert (await shop.http.get(f"{API}/nodes/pack.js")).status_code == 401


async def test_ours_goes_before_that_of_motia() -> None:
    names = ["a.step.tsx", "a.node.tsx", "b.step.tsx", "c_step.tsx"]
    assert custom_node_of("steps/a.step.py", names) == "steps/a.node.tsx"
    assert custom_node_of("steps/x/b.step.ts", names) == "steps/x/b.step.tsx"
    assert custom_node_of("steps/c_step.py", names) == "steps/c_step.tsx"
    assert custom_node_of("steps/d.step.py", names) is None
