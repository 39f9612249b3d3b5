"""Serves the built workbench: its page for every path, and its files.

The page is small and never kept; each answer has a nonce of its own. All other files have the hash of
their content in their names, so browsers keep them for good.
"""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

WORKBENCH = "/_wistro/workbench"
BUILD = Path(__file__).parent.parent / "_workbench"
"""Where `make workbench` puts the page."""
NONCE = "__CSP_NONCE__"
"""What the page has where the nonce goes."""

_FILE = re.compile(r"(assets/)?[A-Za-z0-9_-][A-Za-z0-9._-]*\.[a-z0-9]+")
_TEXTS = frozenset({".js", ".css", ".svg", ".json", ".map", ".txt", ".webmanifest"})
_FOR_GOOD = "public, max-age=31536000, immutable"
_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="3"><title>Workbench</title>
<main>
<h1>The workbench is not built yet</h1>
<p>This is a checkout of the sources. <code>wistro dev</code> builds it, which takes a minute; otherwise run
<code>make workbench</code> in the checkout. This page shows the workbench as soon as it is there.</p>
<p>Everything else works: <code>wistro --help</code>, and the API at <a href="/_wistro/docs">/_wistro/docs</a>.</p>
</main>
"""


@dataclass
class BuiltPage:
    """The files of the build, compressed when they are first asked for."""

    folder: Path = BUILD
    _compressed: dict[tuple[str, int], bytes] = field(default_factory=dict[tuple[str, int], bytes])

    def page(self) -> Response:
        """The page, with a nonce of its own."""
        nonce = secrets.token_urlsafe(16)
        try:
            text = (self.folder / "index.html").read_text(encoding="utf-8")
        except FileNotFoundError:
            return Response(_NOT_BUILT, 503, _guarded(nonce), media_type="text/html")
        text = text.replace(NONCE, nonce)
        return Response(text, headers=_guarded(nonce), media_type="text/html")

    async def file(self, name: str, request: Request) -> Response | None:
        """A file of the build; `None` when there is none of this name."""
        if not _FILE.fullmatch(name) or name == "index.html":
            return None
        path = self.folder / name
        try:
            stamp = path.stat().st_mtime_ns
            content = await asyncio.to_thread(path.read_bytes)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        hashed = name.startswith("assets/")
        headers = {
            "cache-control": _FOR_GOOD if hashed else "no-cache",
            "vary": "Accept-Encoding",
            "cross-origin-resource-policy": "same-origin",
        }
        if path.suffix in _TEXTS and _takes_gzip(request):
            content = await self._smaller(name, stamp, content)
            headers["content-encoding"] = "gzip"
        return Response(content, headers=headers, media_type=_media_type(path))

    async def _smaller(self, name: str, stamp: int, content: bytes) -> bytes:
        found = self._compressed.get((name, stamp))
        if found is None:
            found = await asyncio.to_thread(gzip.compress, content, 9, mtime=0)
            self._compressed[name, stamp] = found
        return found


def workbench_router(built: BuiltPage | None = None) -> APIRouter:
    """The page at `/workbench` and below; it belongs after everything else of ours."""
    built = built or BuiltPage()
    router = APIRouter(include_in_schema=False)

    async def serve(request: Request, path: str) -> Response:
        found = await built.file(path, request)
        if found is not None:
            return found
        if path.startswith("assets/"):  # never the page: a browser would keep it for a script
            return Response("There is no such file.", 404, media_type="text/plain")
        return await asyncio.to_thread(built.page)

    methods = ["GET", "HEAD"]
    for place in ("/", "/workbench"):
        router.add_api_route(place, to_workbench, methods=methods)
    router.add_api_route("/workbench/{path:path}", serve, methods=methods)
    return router


async def to_workbench() -> Response:
    """To the page, from where people try first."""
    return RedirectResponse(f"{WORKBENCH}/", 307)


def _guarded(nonce: str) -> dict[str, str]:
    """The headers of the page: it loads nothing but our own files, and runs nothing that is in it."""
    policy = (
        "default-src 'none'; script-src 'self'; "
        f"style-src 'self' 'nonce-{nonce}'; connect-src 'self'; img-src 'self' data:; "
        "font-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
    return {
        "content-security-policy": policy,
        "cache-control": "no-store",
        "cross-origin-opener-policy": "same-origin",
    }


def _takes_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")


def _media_type(path: Path) -> str:
    if path.suffix == ".js":  # what the machine's own list says differs
        return "text/javascript"
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"
