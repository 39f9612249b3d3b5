"""A browser's tab on the desk's page, as far as the server can tell."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from urllib.parse import quote

import httpx
from httpx_sse import aconnect_sse


class Tab:
    """Signs a customer in and follows their channel; what it got stays when it goes away."""

    def __init__(self, http: httpx.AsyncClient, customer: str, name: str) -> None:
        self._http = http
        self.customer = customer
        self.name = name
        """Which of the customer's tabs it is."""
        self.answers: list[dict[str, Any]] = []
        self._last = ""
        self._connected = asyncio.Event()
        self._more = asyncio.Condition()
        self._following: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Load the page, or come back to it with the last id that it saw."""
        signed_in = await self._http.post("/desk/sign-in", json={"customer": self.customer})
        signed_in.raise_for_status()
        self._connected.clear()
        self._following = asyncio.create_task(self._follow(signed_in.json()["token"]))
        connected = asyncio.create_task(self._connected.wait())
        await asyncio.wait((connected, self._following), return_when=asyncio.FIRST_COMPLETED)
        if not connected.done():
            connected.cancel()
            self._following.result()

    async def close(self) -> None:
        """Go away."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following

    async def say(self, words: str) -> tuple[str, str]:
        """Write to the assistant, and make the call that it wants: what it said, and the call's id."""
        talked = await self._http.post("/desk/talk", json={"words": words, "order_id": None})
        turn = talked.raise_for_status().json()
        return turn["say"], await self.ask(**turn["call"])

    async def ask(self, **wanted: str) -> str:
        """Call the support flow, as the page's buttons do; returns the call's id."""
        called = await self._http.post(
            "/call/support",
            json={
                "input": wanted,
                "respond_to": {"target": "channel", "user": self.customer},
                "client_context": {"app": "desk page"},
                "response_meta": {"tab": self.name},
            },
            headers={"prefer": "respond-async"},
        )
        return called.raise_for_status().json()["call_id"]

    async def answer(self, call_id: str) -> dict[str, Any]:
        """The answer of a call, once it is there."""
        async with self._more:
            await self._more.wait_for(lambda: self._found(call_id))
        return self._found(call_id)[0]

    def _found(self, call_id: str) -> list[dict[str, Any]]:
        return [answer for answer in self.answers if answer["call_id"] == call_id]

    async def _follow(self, token: str) -> None:
        path = f"/_wistro/channels/{quote(self.customer, safe='')}"
        headers = {"last-event-id": self._last} if self._last else {}
        async with aconnect_sse(
            self._http, "GET", path, params={"token": token}, headers=headers, timeout=None
        ) as source:
            source.response.raise_for_status()
            async for event in source.aiter_sse():
                self._last = event.id
                self._connected.set()
                if event.event == "answer":
                    async with self._more:
                        self.answers.append(event.json())
                        self._more.notify_all()
