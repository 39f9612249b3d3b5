"""API keys: those of the settings, whose text is in the environment, and those that were made."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from wistro.access import Identity
from wistro.errors import SetupError
from wistro.project.auth_settings import KeySettings
from wistro.stores.api_keys import ApiKey, ApiKeyFile, digest
from wistro_triggers.oidc import BadCredentials

_LEAST = 24
"""Characters of a key: fewer can be guessed."""


class ApiKeys:
    """Tells whose key a text is."""

    def __init__(
        self,
        settings: Mapping[str, KeySettings],
        file: ApiKeyFile,
        *,
        secret: Callable[[str], str | None],
    ) -> None:
        """Accept the keys of the settings and those of the file.

        Raises:
            SetupError: a key of the settings is missing, too short, or the same as another.
        """
        self._file = file
        self._configured: dict[str, Identity] = {}
        for name, said in settings.items():
            proof = digest(_text(name, said.secret, secret))
            if proof in self._configured:
                raise SetupError(
                    f"the keys `{self._configured[proof].id}` and `{name}` are the same",
                    code="bad_key",
                    hint=f"give the variable `{said.secret}` a text of its own",
                )
            self._configured[proof] = Identity(
                kind="key", id=name, roles=frozenset(said.roles), scopes=frozenset(said.scopes)
            )

    def identify(self, text: str) -> Identity | None:
        """Whose key it is; `None` when it is nobody's.

        Raises:
            BadCredentials: it has expired.
        """
        return self._live(self._configured_with(digest(text)) or self._file.find(text))

    def proved(self, proof: str) -> Identity | None:
        """Whose key has this digest, for those who have shown it before; `None`: nobody's any more.

        Raises:
            BadCredentials: it has expired.
        """
        return self._live(self._configured_with(proof) or self._file.proved(proof))

    def _configured_with(self, proof: str) -> Identity | None:
        found = None
        for known, identity in self._configured.items():  # all of them, in constant time
            if hmac.compare_digest(known, proof):
                found = identity
        return found

    @staticmethod
    def _live(key: Identity | ApiKey | None) -> Identity | None:
        if not isinstance(key, ApiKey):
            return key
        if key.expired(datetime.now(UTC)):
            raise BadCredentials("key_expired", f"The API key `{key.name}` has expired.")
        return Identity(
            kind="key", id=key.name, roles=frozenset(key.roles), scopes=frozenset(key.scopes)
        )


def _text(name: str, variable: str, secret: Callable[[str], str | None]) -> str:
    text = (secret(variable) or "").strip()
    if len(text) < _LEAST:
        finding = f"has {len(text)} characters" if text else "is missing"
        raise SetupError(
            f"the key `{name}` needs the variable `{variable}` with at least {_LEAST} characters; it {finding}",
            code="bad_key",
            hint="set it, for example to what `openssl rand -hex 32` prints",
        )
    return text
