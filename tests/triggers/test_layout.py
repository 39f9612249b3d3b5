"""Where people put the nodes of a graph, kept with the project."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.triggers.conftest import Shop
from wistro.project.layout import LAYOUT_FILE, MOTIA_LAYOUT_FILE
from wistro.stores.memory import MemoryJournal, MemoryState
from wistro.stores.memory_stream import MemoryStreams
from wistro_cli.dev.changes import _matters  # pyright: ignore[reportPrivateUsage] - what is watched
from wistro_triggers.app import create_app

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

LAYOUT = "/_wistro/api/flows/orders/layout"


@asynccontextmanager
async def developing(shop: Shop) -> AsyncGenerator[httpx.AsyncClient]:
    """The shop as `wistro dev` serves it, without files of ours."""
    app = create_app(
        shop.engine,
        shop.runtime,
        state=MemoryState(),
        streams=MemoryStreams(),
        journal=MemoryJournal(),
        development=True,
        secret=lambda _: "secret",
    )
    bearer = {"authorization": f"Bearer {shop.runtime.token}"}
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    root = shop.runtime.project.root
    try:
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", headers=bearer
        ) as client:
            yield client
    finally:
        for name in (LAYOUT_FILE, MOTIA_LAYOUT_FILE):
            (root / name).unlink(missing_ok=True)


async def test_positions_are_kept_with_the_project(shop: Shop) -> None:
    file = shop.runtime.project.root / LAYOUT_FILE
    places = {
        "place_order": {"x": 10.4, "y": -20},
        "pack": {"x": 300, "y": 0},
        "to:parcels": {"x": 1, "y": 2},
        "from:": {"x": 3, "y": 4},
        "no_such_step": {"x": 0, "y": 0},
    }
    async with developing(shop) as client:
        answer = await client.put(LAYOUT, json={"positions": places})
        assert answer.status_code == 200, answer.text
        kept = json.loads(file.read_text())
        assert list(kept["flows"]["orders"]) == ["from:", "pack", "place_order", "to:parcels"]
        assert kept["flows"]["orders"]["place_order"] == {"x": 10, "y": -20}
        shown = (await client.get(LAYOUT)).json()
        assert (shown["source"], shown["writable"]) == ("wistro", True)
        assert shown["positions"] == kept["flows"]["orders"]
        assert [each.name for each in file.parent.glob(".layout*")] == []

        await client.put(LAYOUT, json={"positions": {}})
        assert json.loads(file.read_text())["flows"] == {}


async def test_a_changed_layout_reloads_nothing(tmp_path: Path) -> None:
    assert not _matters(tmp_path / LAYOUT_FILE, tmp_path)
    assert _matters(tmp_path / "wistro.yml", tmp_path)


async def test_positions_that_are_none_are_refused(shop: Shop) -> None:
    async with developing(shop) as client:
        for place in ({"x": 1}, {"x": "a", "y": 0}, {"x": 1e9, "y": 0}):
            answer = await client.put(LAYOUT, json={"positions": {"pack": place}})
            assert answer.status_code == 422
        nan = '{"positions": {"pack": {"x": NaN, "y": 0}}}'
        answer = await client.put(LAYOUT, content=nan, headers={"content-type": "application/json"})
        assert answer.status_code == 422


async def test_a_damaged_layout_is_not_overwritten(shop: Shop) -> None:
    file = shop.runtime.project.root / LAYOUT_FILE
    async with developing(shop) as client:
        file.write_text("{ not json")
        for answer in (
            await client.get(LAYOUT),
            await client.put(LAYOUT, json={"positions": {"pack": {"x": 0, "y": 0}}}),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "layout_damaged")
        assert file.read_text() == "{ not json"


async def test_the_positions_of_a_motia_project_are_read(shop: Shop) -> None:
    root = shop.runtime.project.root
    motia: list[dict[str, object]] = [
        {
            "id": "orders",
            "config": {
                "steps/pack.step.py": {"x": 5, "y": 6, "sourceHandlePosition": "bottom"},
                "steps/gone.step.py": {"x": 7, "y": 8},
            },
        },
        {"id": "other", "config": {}},
    ]
    async with developing(shop) as client:
        (root / MOTIA_LAYOUT_FILE).write_text(json.dumps(motia))
        shown = (await client.get(LAYOUT)).json()
        assert (shown["source"], shown["positions"]) == ("motia", {"pack": {"x": 5, "y": 6}})
        await client.put(LAYOUT, json={"positions": {"pack": {"x": 1, "y": 1}}})
        assert (await client.get(LAYOUT)).json()["source"] == "wistro"
        assert json.loads((root / MOTIA_LAYOUT_FILE).read_text()) == motia

        (root / LAYOUT_FILE).unlink()
        (root / MOTIA_LAYOUT_FILE).write_text("not json")
        assert (await client.get(LAYOUT)).json()["source"] is None
