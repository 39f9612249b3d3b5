"""What a process says to those that it supervises, and they to it: JSON lines on a socket.

The parent asks for a reload; a process says that it is ready, that it has reloaded, or why it cannot
start. When the parent is gone, its end of the socket closes, and the process stops by itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias, cast

CONTROL_VARIABLE = "WISTRO_CONTROL_FD"

Event: TypeAlias = Literal["ready", "reloaded", "failed"]


class Control:
    """The end of the channel that a supervised process holds."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    @classmethod
    def inherited(cls) -> Control | None:
        """The channel to the parent, if this process is supervised."""
        number = os.environ.pop(CONTROL_VARIABLE, "")
        if not number.isdigit():
            return None
        sock = socket.socket(fileno=int(number))
        sock.set_inheritable(False)
        return cls(sock)

    def tell(self, event: Event, **fields: object) -> None:
        """Tell the parent; it may be gone."""
        try:
            self._sock.sendall(json.dumps({"event": event, **fields}).encode() + b"\n")
        except OSError:
            return

    async def obey(self, *, reload: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
        """Do what the parent asks for; returns, with `stop` set, when it is gone."""
        self._sock.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=self._sock.dup())
        try:
            while line := await reader.readline():
                asked = cast("dict[str, object]", json.loads(line))
                if asked.get("do") == "reload":
                    await reload()
        except ConnectionError:
            pass
        finally:
            writer.close()
            stop.set()
