"""From a request to who sends it: the management token, an API key, a user's token, a session, or nobody."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from wistro.access import ANONYMOUS, MANAGEMENT, Identity
from wistro.stores.api_keys import ApiKeyFile
from wistro_triggers.api_keys import ApiKeys
from wistro_triggers.oidc import BadCredentials, OidcUsers
from wistro_triggers.workbench.cookies import Session
from wistro_triggers.workbench.sessions import Sessions

if TYPE_CHECKING:
    from wistro.project.auth_settings import AuthSettings

KEY_HEADER = "x-api-key"
AS_HEADER, AS_ROLES_HEADER = "wistro-as", "wistro-as-roles"
"""In whose name a holder of the management token acts, and with which roles."""


class Identities:
    """Tells who sends a request, by the settings in use."""

    def __init__(
        self,
        settings: AuthSettings,
        *,
        token: str,
        file: ApiKeyFile,
        secret: Callable[[str], str | None] = os.environ.get,
        sessions: Sessions | None = None,
    ) -> None:
        """Prepare to tell.

        Args:
            settings: `auth` of the lock.
            token: The management token.
            file: The API keys that were made.
            secret: Finds the texts of API keys by the names of their variables.
            sessions: Finds who is signed in to the workbench.

        Raises:
            SetupError: an API key of the settings is missing.
        """
        self._token = token.encode()
        self._file = file
        self._secret = secret
        self._keys = ApiKeys(settings.keys, file, secret=secret)
        self._users = OidcUsers(settings.oidc) if settings.oidc else None
        self._sessions = sessions
        self.settings = settings

    def reload(self, settings: AuthSettings) -> None:
        """Tell by other settings from now on.

        Raises:
            SetupError: an API key of the settings is missing; everything stays as it was.
        """
        self._keys = ApiKeys(settings.keys, self._file, secret=self._secret)
        if settings.oidc != (self._users.settings if self._users else None):
            self._users = OidcUsers(settings.oidc) if settings.oidc else None
        self.settings = settings

    async def identify(self, request: HTTPConnection) -> Identity:
        """Who sends `request`.

        A request that shows nothing is anonymous. One that shows something wrong is refused wherever
        it goes: its sender believes to be somebody.

        Raises:
            BadCredentials: what it shows is not good here.
            CrossSite: it shows a session, and would change something that the workbench did not ask for.
            Problem: 503, the issuer of users does not answer.
        """
        shown = _shown(request)
        if shown is None:
            session = self.session(request)
            identity = session.identity if session else ANONYMOUS
        else:
            identity = await self.identity_of(shown)
        name = request.headers.get(AS_HEADER, "").strip()
        if not name:
            return identity
        if identity != MANAGEMENT:
            raise BadCredentials(
                "not_in_others_names",
                "Only a holder of the management token may act in somebody's name (`Wistro-As`).",
            )
        roles = request.headers.get(AS_ROLES_HEADER, "").split(",")
        return Identity(
            kind="user",
            id=name,
            roles=frozenset(role.strip() for role in roles if role.strip()),
            by_token=True,
        )

    def session(self, request: HTTPConnection) -> Session | None:
        """Who is signed in to the workbench, in the browser that sends `request`.

        Raises:
            CrossSite: it would change something, and the workbench did not send it.
        """
        if self._sessions is None:
            return None
        return self._sessions.find(request, lambda: self._keys, self.settings)

    async def identity_of(self, shown: str) -> Identity:
        """Whose key or token a text is.

        Raises:
            BadCredentials: nobody's here.
            Problem: 503, the issuer of users does not answer.
        """
        if hmac.compare_digest(shown.encode(), self._token):
            return MANAGEMENT
        if (key := self._keys.identify(shown)) is not None:
            return key
        if self._users is not None and shown.count(".") == 2:
            return await self._users.identify(shown)
        raise BadCredentials("credentials_unknown", "The key or token is not valid here.")


def _shown(request: HTTPConnection) -> str | None:
    """The key or token that a request shows. Other schemes, such as `Basic`, are not ours to read."""
    scheme, _, bearer = request.headers.get("authorization", "").strip().partition(" ")
    shown = bearer.strip() if scheme.lower() == "bearer" else None
    key = request.headers.get(KEY_HEADER)
    if key is not None and shown is not None and key.strip() != shown:
        raise BadCredentials(
            "credentials_twice", "The request shows a key in `X-API-Key` and a token besides."
        )
    return shown if key is None else key.strip()
