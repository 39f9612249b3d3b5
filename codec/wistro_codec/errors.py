"""The one error of the codec, told apart by its code."""

from __future__ import annotations

from typing import Literal

CodecErrorCode = Literal[
    "body_invalid",
    "body_too_large",
    "envelope_corrupt",
    "envelope_flags_unknown",
    "envelope_tampered",
    "envelope_truncated",
    "envelope_version_unknown",
    "forbidden",
    "key_file_invalid",
    "key_file_missing",
    "key_file_permissions",
    "key_id_invalid",
    "key_unknown",
    "payload_too_large",
    "storage_corrupt",
    "storage_missing",
    "storage_reference_invalid",
    "token_expired",
    "token_invalid",
    "token_malformed",
    "token_too_large",
    "unauthorized",
]
"""Every way in which the codec refuses; `codec/SPEC.md` says when each is given."""


class CodecError(Exception):
    """Something could not be encrypted, decrypted, or proven to be genuine.

    Its text names keys, sizes and places but never holds payload data or key material: Temporal
    stores the text of an error raised while encoding as it is.

    Attributes:
        message: What was expected and what was found, without the hint.
        code: A word for programs.
        hint: How to mend it, for people.
        retryable: Whether the same call may succeed later, because a key or a file may yet arrive.
    """

    def __init__(
        self,
        message: str,
        *,
        code: CodecErrorCode,
        hint: str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code: CodecErrorCode = code
        self.hint = hint
        self.retryable = retryable

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message
