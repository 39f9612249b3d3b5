"""The built page: its policy, its nonce, what browsers keep of it, and nothing else of the disk."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from wistro_triggers.edge import Edge
from wistro_triggers.workbench.page import BuiltPage, workbench_router

PAGE = '<meta name="csp-nonce" content="__CSP_NONCE__"><script type="module" src="/assets/a.js">'
SCRIPT = "export const answer = 42\n" * 100


@pytest.fixture
def build(tmp_path: Path) -> Path:
    folder = tmp_path / "build"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "icon.svg").write_text("<svg/>")
    (folder / "assets" / "app-0a1b2c.js").write_text(SCRIPT)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "assets" / ".hidden.js").write_text("hidden")
    return folder


@pytest.fixture
async def http(build: Path) -> AsyncIterator[httpx.AsyncClient]:
    ours, app = FastAPI(), FastAPI()
    ours.include_router(workbench_router(BuiltPage(build)))
    app.mount("/_wistro", ours)
    transport = httpx.ASGITransport(Edge(app, max_body_bytes=1000))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
        yield http


@pytest.mark.parametrize("path", ["", "runs", "runs/orders/r1?tab=logs", "index.html", "a.b/c.d"])
async def test_every_path_is_the_page(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(f"/_wistro/workbench/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_each_page_has_a_nonce_of_its_own_and_a_strict_policy(
    http: httpx.AsyncClient,
) -> None:
    nonces: set[str] = set()
    for _ in range(3):
        answer = await http.get("/_wistro/workbench/")
        policy = answer.headers["content-security-policy"]
        found = re.search(r"style-src 'self' 'nonce-([\w-]{20,})';", policy)
        assert found
        assert f'content="{found[1]}"' in answer.text
        assert "default-src 'none'; script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        nonces.add(found[1])
    assert len(nonces) == 3


async def test_files_are_kept_for_good_and_travel_compressed(http: httpx.AsyncClient) -> None:
    for _ in range(2):
        answer = await http.get("/_wistro/workbench/assets/app-0a1b2c.js")
        assert answer.text == SCRIPT
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert int(answer.headers["content-length"]) == len(
            gzip.compress(SCRIPT.encode(), 9, mtime=0)
        )
    plain = await http.get(
        "/_wistro/workbench/assets/app-0a1b2c.js", headers={"accept-encoding": "identity"}
    )
    assert plain.text == SCRIPT
    assert "content-encoding" not in plain.headers
    icon = await http.get("/_wistro/workbench/icon.svg")
    assert (icon.headers["content-type"], icon.headers["cache-control"]) == (
        "image/svg+xml",
        "no-cache",
    )
    head = await http.head("/_wistro/workbench/assets/app-0a1b2c.js")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "assets/gone-0a1b2c.js",
        "assets/.hidden.js",
        "assets/%2e%2e/%2e%2e/secret.txt",
        "assets/..%2f..%2fsecret.txt",
        "assets/",
    ],
)
async def test_a_missing_file_is_no_page(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(f"/_wistro/workbench/{path}")
    assert answer.status_code == 404
    assert "secret" not in answer.text
    assert "immutable" not in answer.headers.get("cache-control", "")


@pytest.mark.parametrize("path", ["../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "%00"])
async def test_nothing_but_the_build_is_served(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(f"/_wistro/workbench/{path}")
    assert "secret" not in answer.text


async def test_the_roots_lead_to_the_page(http: httpx.AsyncClient) -> None:
    for path in ("/_wistro/", "/_wistro/workbench"):
        answer = await http.get(path)
        assert answer.status_code == 307
        assert answer.headers["location"] == "/_wistro/workbench/"


async def test_a_page_that_is_not_built_says_what_to_do(
    http: httpx.AsyncClient, build: Path
) -> None:
    (build / "index.html").unlink()
    answer = await http.get("/_wistro/workbench/runs")
    assert answer.status_code == 503
    assert "make workbench" in answer.text
