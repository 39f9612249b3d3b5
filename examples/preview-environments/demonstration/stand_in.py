"""A stand-in for GitHub's REST API: the comments of issues and pull requests, and nothing else.

It keeps to the documentation where our client could notice: bearer token, status codes, shapes,
pages. https://docs.github.com/en/rest/issues/comments
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast
from urllib.parse import parse_qs, urlsplit

COMMENTS = re.compile(r"/repos/([^/]+/[^/]+)/issues/(\d+)/comments")


@dataclass(frozen=True)
class Comment:
    """A comment that was made."""

    id: int
    repository: str
    number: int
    body: str

    def json(self, base_url: str) -> dict[str, object]:
        """The comment as GitHub shows it."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return {
            "id": self.id,
            "url": f"{base_url}/repos/{self.repository}/issues/comments/{self.id}",
            "html_url": f"{base_url}/{self.repository}/pull/{self.number}#issuecomment-{self.id}",
            "body": self.body,
            "user": {"login": "previews[bot]", "type": "Bot"},
            "created_at": now,
            "updated_at": now,
        }


@dataclass
class StandIn:
    """Serves on a free port of this machine, in a thread."""

    token: str
    repositories: Iterable[str]
    outages: int = 0
    """How many requests are answered with 503 before it works, as real services do at times."""
    comments: list[Comment] = field(default_factory=list)

    def __enter__(self) -> StandIn:
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, method: str, target: str, token: str, body: bytes) -> tuple[int, object]:
        """The status and the body that a request gets."""
        address = urlsplit(target)
        with self._lock:
            if self.outages:
                self.outages -= 1
                return 503, {"message": "Service unavailable"}
            if token != f"Bearer {self.token}":
                return 401, {"message": "Bad credentials"}
            found = COMMENTS.fullmatch(address.path)
            if found is None or found[1] not in self.repositories:
                return 404, {"message": "Not Found"}
            if method == "GET":
                return 200, self._page(found[1], int(found[2]), parse_qs(address.query))
            return self._create(found[1], int(found[2]), body)

    def _page(self, repository: str, number: int, query: dict[str, list[str]]) -> object:
        size, page = (int(query.get(name, ["0"])[0]) for name in ("per_page", "page"))
        size, page = min(size or 30, 100), max(page, 1)
        found = [it for it in self.comments if (it.repository, it.number) == (repository, number)]
        return [it.json(self.url) for it in found[(page - 1) * size : page * size]]

    def _create(self, repository: str, number: int, body: bytes) -> tuple[int, object]:
        try:
            given = json.loads(body)
        except ValueError:
            return 400, {"message": "Problems parsing JSON"}
        text = cast("dict[str, object]", given).get("body") if isinstance(given, dict) else None
        if not isinstance(text, str) or not text:
            return 422, {"message": "Validation Failed"}
        comment = Comment(len(self.comments) + 1, repository, number, text)
        self.comments.append(comment)
        return 201, comment.json(self.url)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._serve()

            def do_POST(self) -> None:
                self._serve()

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                token = self.headers.get("Authorization", "")
                status, answer = stand_in.answer(self.command, self.path, token, body)
                sent = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

        return Handler
