"""A CRM that takes answers as webhooks, and believes only those that are signed.

It checks signatures by the specification, without a look at how they are made.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOLERANCE = 300
"""Seconds that a signature may be old."""


@dataclass(frozen=True)
class Webhook:
    """A webhook that came in, and what it was answered."""

    id: str
    status: int
    message: dict[str, Any]


@dataclass
class Crm:
    """Serves on a free port of this machine, in a thread."""

    outages: int = 0
    """How many requests are answered with 503 before it works, as real services do at times."""
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    received: list[Webhook] = field(default_factory=list)

    def __enter__(self) -> Crm:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/answers"

    @property
    def secret(self) -> str:
        """What the sender signs with."""
        return "whsec_" + base64.b64encode(self.key).decode()

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """The status that a webhook is answered with."""
        if not self._signed(headers, body):
            status = 401
        elif self.outages:
            self.outages -= 1
            status = 503
        else:
            status = 204
        self.received.append(Webhook(headers.get("webhook-id", ""), status, json.loads(body)))
        return status

    def _signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not at.isdecimal() or abs(time.time() - int(at)) > TOLERANCE:
            return False
        right = hmac.digest(self.key, f"{id}.{at}.".encode() + body, "sha256")
        expected = f"v1,{base64.b64encode(right).decode()}"
        shown = headers.get("webhook-signature", "").split()
        return any(hmac.compare_digest(expected, signature) for signature in shown)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        crm = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(crm.take(headers, body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        return Handler
