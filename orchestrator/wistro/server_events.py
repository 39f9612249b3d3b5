"""Server-sent events, as the HTML standard has them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ServerEvent:
    """One event."""

    event: str = "message"
    data: str = ""
    id: str = ""

    def json(self) -> object:
        """The data, which is JSON."""
        return json.loads(self.data)


async def server_events(lines: AsyncIterator[str]) -> AsyncGenerator[ServerEvent, None]:
    """The events of a stream; one that is cut off is left out."""
    fields: dict[str, str] = {}
    data: list[str] = []
    async for line in lines:
        if not line:
            if data:
                yield ServerEvent(data="\n".join(data), **fields)
            fields, data = {}, []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name in ("event", "id"):
            fields[name] = value
