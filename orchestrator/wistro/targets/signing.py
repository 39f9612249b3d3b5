"""Signatures of webhooks by Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence

from wistro.errors import SetupError

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64


def read_secrets(names: Sequence[str], secret: Callable[[str], str | None]) -> tuple[bytes, ...]:
    """The secrets in these variables.

    Raises:
        SetupError: one of them is missing, or is no secret.
    """
    return tuple(_read(name, secret(name)) for name in names)


def signature_headers(
    secrets: Sequence[bytes], id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """The headers of a signed webhook; with several secrets it has a signature by each.

    Args:
        secrets: What signs.
        id: Names the message, the same in every attempt.
        timestamp: Of the attempt, in seconds since the epoch.
        body: Exactly what is sent.
    """
    signed = f"{id}.{timestamp}.".encode() + body
    signatures = [
        "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
        for secret in secrets
    ]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _read(name: str, value: str | None) -> bytes:
    if not value:
        raise SetupError(
            f"webhooks are signed with the secret `{name}`, which is not set",
            code="secret_missing",
            hint=f"set the environment variable `{name}` to `whsec_` and 24 to 64 random bytes in base64",
        )
    try:
        text = value.strip().removeprefix(_PREFIX).rstrip("=")
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise SetupError(
            f"the secret `{name}` is expected to be `whsec_` and {_SHORTEST} to {_LONGEST} bytes in"
            " base64; found something else",
            code="secret_invalid",
            hint="make one: `echo whsec_$(head -c 32 /dev/urandom | base64)`",
        )
    return key
