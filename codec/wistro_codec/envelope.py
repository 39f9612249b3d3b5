"""The envelope: bytes sealed with AES-256-GCM under a flow key.

```
version (1) | flags (1) | nonce (12) | ciphertext | tag (16)
```

Version and flags are authenticated together with the key id. `SPEC.md` section 4.
"""

from __future__ import annotations

import os
import zlib

from cryptography.exceptions import InvalidTag

from wistro_codec.errors import CodecError
from wistro_codec.keys import FlowKey

VERSION = 1
FLAG_DEFLATE = 1
COMPRESS_FROM = 4 * 1024
"""Plaintexts of at least so many bytes are compressed when that makes them smaller."""
MAX_PLAINTEXT = 64 * 1024 * 1024

_HEADER = 2
_NONCE = 12
_TAG = 16
_SMALLEST = _HEADER + _NONCE + _TAG
# Level 1 is several times faster than the default, for JSON that comes out about a fifth larger.
_LEVEL = 1
_RAW_DEFLATE = -zlib.MAX_WBITS


def seal(key: FlowKey, plaintext: bytes, *, compress_from: int | None = COMPRESS_FROM) -> bytes:
    """Encrypt bytes under a fresh random nonce.

    Args:
        key: The key of the flow that the bytes belong to.
        plaintext: The bytes, at most `MAX_PLAINTEXT` of them.
        compress_from: From how many bytes on to compress; None for never, where the size of what
            was compressed would tell a secret to someone who can add text beside it.

    Raises:
        CodecError: `payload_too_large`.
    """
    if len(plaintext) > MAX_PLAINTEXT:
        raise too_large(MAX_PLAINTEXT, f"{len(plaintext)} bytes")
    flags = 0
    if compress_from is not None and len(plaintext) >= compress_from:
        deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW_DEFLATE)
        packed = deflater.compress(plaintext) + deflater.flush()
        if len(packed) < len(plaintext):
            plaintext, flags = packed, FLAG_DEFLATE
    return assemble(key, flags, os.urandom(_NONCE), plaintext)


def assemble(key: FlowKey, flags: int, nonce: bytes, content: bytes) -> bytes:
    """Build an envelope from its parts: for vectors. A nonce used twice breaks the key."""
    header = bytes((VERSION, flags))
    return header + nonce + key.cipher.encrypt(nonce, content, header + key.label)


def unseal(key: FlowKey, envelope: bytes, *, limit: int = MAX_PLAINTEXT) -> bytes:
    """Verify and decrypt an envelope.

    Args:
        key: The key that the envelope came with the id of.
        envelope: The bytes that `seal` made.
        limit: The most bytes to decompress to.

    Raises:
        CodecError: `envelope_truncated`, `envelope_version_unknown`, `envelope_flags_unknown`,
            `envelope_tampered`, `envelope_corrupt` or `payload_too_large`.
    """
    if envelope and envelope[0] != VERSION:
        raise CodecError(
            f"The envelope has the format version {envelope[0]}; this reads version {VERSION}.",
            code="envelope_version_unknown",
            hint="a newer Wistro wrote it: upgrade this process",
        )
    if len(envelope) < _SMALLEST:
        raise CodecError(
            f"The envelope has {len(envelope)} bytes; the smallest has {_SMALLEST}.",
            code="envelope_truncated",
            hint="something cut the payload off on its way or in storage",
        )
    flags = envelope[1]
    if flags & ~FLAG_DEFLATE:
        raise CodecError(
            f"The envelope has the flags {flags:#04x}; this knows {FLAG_DEFLATE:#04x}.",
            code="envelope_flags_unknown",
            hint="a newer Wistro wrote it: upgrade this process",
        )
    nonce_end = _HEADER + _NONCE
    associated = envelope[:_HEADER] + key.label
    try:
        content = key.cipher.decrypt(envelope[_HEADER:nonce_end], envelope[nonce_end:], associated)
    except InvalidTag:
        raise CodecError(
            f"The envelope is not genuine under the key `{key.id}`.",
            code="envelope_tampered",
            hint="its bytes or its key id were changed, or the key file belongs to another project",
        ) from None
    if flags & FLAG_DEFLATE:
        return _inflate(content, limit)
    if len(content) > limit:
        raise too_large(limit, f"{len(content)} bytes")
    return content


def too_large(limit: int, found: str) -> CodecError:
    """The error for a payload of more than `limit` bytes."""
    return CodecError(
        f"A payload of at most {limit} bytes was expected, {found} found.",
        code="payload_too_large",
        hint="keep large data in a store of your own and send a reference to it",
    )


def corrupt(problem: str) -> CodecError:
    """The error for an envelope that is genuine and yet cannot be understood."""
    return CodecError(
        f"The envelope is genuine but {problem}.",
        code="envelope_corrupt",
        hint="its writer has a defect: report which language and version wrote it",
    )


def _inflate(content: bytes, limit: int) -> bytes:
    inflater = zlib.decompressobj(_RAW_DEFLATE)
    try:
        plaintext = inflater.decompress(content, limit + 1)
    except zlib.error:
        raise corrupt("its compressed content is malformed") from None
    if len(plaintext) > limit:
        raise too_large(limit, "more after decompression")
    if not inflater.eof or inflater.unused_data:
        raise corrupt("its compressed content does not end where it should")
    return plaintext
