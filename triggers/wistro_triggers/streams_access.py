"""Who may follow a stream."""

from __future__ import annotations

import hmac
import time
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wistro.errors import WistroError
from wistro.stores.stream import Place
from wistro_codec import CodecError, Keys, StreamToken, verify_stream_token

if TYPE_CHECKING:
    from wistro.project.lock import Lock

Ask = Callable[[Place, object], Awaitable[bool]]
"""Asks the stream's own function, which its language's worker runs, about a place and a context."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """The right to follow a place."""

    expires_at: float | None = None
    """Seconds since the epoch; `None`: as long as the connection lasts."""


class Refused(Exception):
    """The right is not given."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class StreamAccess:
    """Decides by the lock in use, and by what a client shows.

    The management token opens every stream. Otherwise a stream whose file has a function asks that
    function; a public one lets everybody in; any other one asks for a token that covers the place.
    """

    def __init__(
        self,
        lock: Callable[[], Lock],
        *,
        keys: Keys,
        token: str,
        ask: Ask | None = None,
        development: bool = False,
    ) -> None:
        """Take what decides.

        Args:
            lock: The lock in use.
            keys: Prove stream tokens.
            token: The management token.
            ask: Asks the functions of streams.
            development: Streams that do not say are public, as they are by Motia's rules.
        """
        self._lock = lock
        self._keys = keys
        self._token = token.encode()
        self._ask = ask
        self._development = development
        self._held: Grant | None = None

    def holding(self, grant: Grant | None) -> StreamAccess:
        """The same for a client that has a right to every stream, if it has one."""
        found = copy(self)
        found._held = grant
        return found

    async def grant(self, place: Place, shown: Sequence[str]) -> Grant:
        """The right to follow `place` for a client that shows these tokens.

        Raises:
            Refused: it is not given.
        """
        if any(hmac.compare_digest(token.encode(), self._token) for token in shown):
            return Grant()
        if self._held is not None:
            return self._held
        lock = self._lock()
        stream = lock.streams.get(place.stream)
        if stream is None:
            raise Refused("unknown_stream", f"There is no stream `{place.stream}` to follow.")
        if stream.has_access:
            return await self._asked(place, shown)
        unsaid = "public" if self._development or lock.motia else "token"
        if (stream.access or unsaid) == "public":
            return Grant()
        token = self._covering(place, shown)
        if token is None:
            raise Refused(
                "token_missing",
                f"The stream `{place.stream}` is open to holders of a token only. hint: a step makes one"
                f" with `ctx.streams.{place.stream}.token(…)`; a stream for everybody says"
                " `access: 'public'` in its config.",
            )
        return Grant(expires_at=token.expires_at)

    async def _asked(self, place: Place, shown: Sequence[str]) -> Grant:
        token = self._covering(place, shown)
        context = None if token is None else token.context
        try:
            welcome = self._ask is not None and await self._ask(place, context)
        except WistroError as error:
            raise Refused(
                "unavailable", f"{error.message}. hint: join again in a while."
            ) from error
        if not welcome:
            raise Refused("refused", f"The stream `{place.stream}` does not let this client in.")
        return Grant(expires_at=None if token is None else token.expires_at)

    def _covering(self, place: Place, shown: Sequence[str]) -> StreamToken | None:
        """The first genuine token that covers the place; `None` when no token is shown.

        Raises:
            Refused: none of those that are shown is good for it.
        """
        refusal: Refused | None = None
        for text in shown:
            try:
                token = verify_stream_token(self._keys, text, now=time.time())
            except CodecError as error:
                refusal = Refused(error.code, f"{error.message} hint: {error.hint}")
                continue
            if token.covers(*place):
                return token
            refusal = refusal or Refused(
                "token_elsewhere",
                f"The token is good for `{token.stream}`"
                + (f", group `{token.group}`" if token.group else "")
                + (f", item `{token.id}`" if token.id else "")
                + ". hint: ask for one that covers what is to be followed.",
            )
        if refusal is not None:
            raise refusal
        return None
