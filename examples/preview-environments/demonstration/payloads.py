"""GitHub's published webhook payloads, signed and sent as GitHub does it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

EXAMPLES = Path("node_modules/@octokit/webhooks-examples/api.github.com/index.json")
"""The package `@octokit/webhooks-examples`, pinned in package-lock.json."""


@dataclass(frozen=True)
class Event:
    """One call of the webhook."""

    name: str
    """What GitHub puts into `X-GitHub-Event`."""
    payload: Mapping[str, object]
    label: str
    note: str = ""
    guid: str = field(default_factory=lambda: str(uuid4()))
    """GitHub's id of the delivery: sent again, it is the same event."""
    forged: bool = False
    """Signed by somebody who does not know the secret."""


def examples(project: Path, name: str) -> list[Event]:
    """Every published example of an event, in the order of the package."""
    entries = json.loads((project / EXAMPLES).read_text(encoding="utf-8"))
    found = next(entry for entry in entries if entry["name"] == name)["examples"]
    return [
        Event(name, payload, _what(name, payload), note=f"example {number}")
        for number, payload in enumerate(found, 1)
    ]


async def send(http: httpx.AsyncClient, event: Event, secret: str) -> httpx.Response:
    """Send the event, signed with `secret` over the bytes that are sent."""
    body = json.dumps(event.payload).encode()
    key = "a guess" if event.forged else secret
    signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    return await http.post(
        "/github/webhook",
        content=body,
        headers={
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/demo",
            "X-GitHub-Delivery": event.guid,
            "X-GitHub-Event": event.name,
            "X-Hub-Signature-256": f"sha256={signature}",
        },
    )


def _what(name: str, payload: Mapping[str, object]) -> str:
    if name == "push":
        ref = (
            str(payload["ref"]).removeprefix("refs/").replace("heads/", "").replace("tags/", "tag ")
        )
        return f"push {'deletes ' if payload['deleted'] else ''}{ref}"
    short = "pr" if name == "pull_request" else name
    return f"{short} {payload['action']}" if "action" in payload else short
