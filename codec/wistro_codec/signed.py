"""Signed claims: the text form that all tokens share, `<prefix>.<claims>.<signature>`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from wistro_codec.errors import CodecError
from wistro_codec.keys import FlowKey, KeyId, Keys


@dataclass(frozen=True, kw_only=True)
class TokenForm:
    """One kind of token."""

    name: str
    """What people call it."""
    prefix: str
    purpose: str
    """Separates its signatures from all others under the same key."""
    max_length: int
    whence: str
    """Where the right one comes from, for those who show another text."""

    def sign(self, key: FlowKey, claims: Mapping[str, object]) -> str:
        """The token that says `claims`."""
        body = _encode(json.dumps(claims, separators=(",", ":")).encode())
        signed = f"{self.prefix}.{body}"
        return f"{signed}.{self._signature(key, signed)}"

    def claims(self, token: str) -> dict[str, object]:
        """What a token says, which proves nothing yet.

        Raises:
            CodecError: `token_malformed`.
        """
        if len(token) > self.max_length or not token.isascii():
            raise self.malformed()
        signed, _, _ = token.rpartition(".")
        prefix, _, body = signed.partition(".")
        if prefix != self.prefix:
            raise self.malformed()
        try:
            claims: object = json.loads(_decode(body))
        except (binascii.Error, ValueError, RecursionError):
            raise self.malformed() from None
        if not isinstance(claims, dict):
            raise self.malformed()
        return cast("dict[str, object]", claims)

    def prove(self, keys: Keys, key_id: str, token: str) -> FlowKey:
        """The key that signed the token.

        Raises:
            CodecError: `token_invalid` when it is not the one with this id, or not known here.
        """
        try:
            KeyId.parse(key_id)
            key = keys.get(key_id)
        except CodecError as error:
            raise self._invalid() from error
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._signature(key, signed), signature):
            raise self._invalid()
        return key

    def malformed(self) -> CodecError:
        """The error of a text that is no such token."""
        return CodecError(
            f"A {self.name} (`{self.prefix}.<claims>.<signature>`) was expected; this text is none.",
            code="token_malformed",
            hint=self.whence,
        )

    def _invalid(self) -> CodecError:
        return CodecError(
            f"The {self.name} is not genuine under any key of this process.",
            code="token_invalid",
            hint="worker and engine must use the same key file, or an export of it",
        )

    def _signature(self, key: FlowKey, signed: str) -> str:
        return _encode(hmac.digest(key.subkey(self.purpose), signed.encode(), hashlib.sha256))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
