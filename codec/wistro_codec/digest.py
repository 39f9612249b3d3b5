"""Keyed digests: stand-ins for what users send where Temporal needs an id in clear."""

from __future__ import annotations

import hashlib
import hmac

from wistro_codec.keys import DEFAULT_TENANT, Keys


def keyed_digest(
    keys: Keys, purpose: str, text: str, *, flow: str, tenant: str = DEFAULT_TENANT
) -> str:
    """Turn text (an idempotency key, a call id) into 32 hex digits that only key holders can guess.

    The same text gives the same digest for as long as the oldest master is kept: unlike encryption
    it does not move to the new key on rotation, or a repeated request would not be recognised.

    Args:
        keys: Must hold the flow's keys.
        purpose: What the digest is for; the same text gives another digest for another purpose.
        text: What to hide.
        flow: The flow that the text was sent to.
        tenant: Whose flow it is.

    Raises:
        CodecError: `key_unknown` or `key_id_invalid`.
    """
    key = keys.history(flow, tenant)[0].subkey(f"wistro/digest/v1/{purpose}")
    return hmac.digest(key, text.encode(), hashlib.sha256)[:16].hex()
