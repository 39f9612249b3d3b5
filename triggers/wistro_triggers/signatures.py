"""Webhook signatures: is this request from who it says, unchanged?

A signature is checked on the raw bytes, in constant time, before anything else looks at the request.
GitHub: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import base64
import binascii
import hmac
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Protocol

from wistro.errors import SetupError
from wistro_triggers.problems import Problem

if TYPE_CHECKING:
    from wistro.policies import Signature
    from wistro.project.descriptor import Descriptor

Algorithm = Literal["sha1", "sha256", "sha512"]
Encoding = Literal["hex", "base64"]


class SignatureScheme(Protocol):
    """Checks the signature of a request, and says which delivery it is."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raise a `Problem` with status 401 unless the request is signed as it must be."""
        ...

    def delivery_key(self, headers: Mapping[str, str]) -> str | None:
        """What stays the same when the sender sends the same delivery again, if it says so."""
        ...

    def sign(self, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        """The headers that a sender with the secret adds to a request, beyond those it has."""
        ...


@dataclass(frozen=True, kw_only=True)
class Hmac:
    """A keyed hash of the body in a header: what most senders of webhooks do."""

    secret: bytes = field(repr=False)
    header: str
    algorithm: Algorithm = "sha256"
    encoding: Encoding = "hex"
    prefix: str = ""
    """What stands before the signature in the header, for example `sha256=`."""
    timestamp_header: str | None = None
    """A header with the seconds since the epoch at which the sender signed `<timestamp>.<body>`."""
    tolerance: timedelta = timedelta(minutes=5)
    """How far a timestamp may be from now; an older request may be a replay."""
    delivery_header: str | None = None
    """A header that names the delivery: repeated deliveries get the first one's run and answer."""
    clock: Callable[[], float] = field(default=time.time, repr=False)

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raise a `Problem` with status 401 unless the request is signed as it must be."""
        given = headers.get(self.header)
        if given is None:
            raise Problem(
                401,
                "signature_missing",
                f"The request has no `{self.header}` header, which must hold its signature. "
                "hint: give the sender the same secret that this endpoint has.",
            )
        signed = self._signed(headers, body)
        expected = hmac.digest(self.secret, signed, self.algorithm)
        if not hmac.compare_digest(self._decode(given), expected):
            raise Problem(
                401,
                "signature_wrong",
                f"The signature in `{self.header}` does not match the body. hint: the sender must use "
                "this endpoint's secret, and no proxy may change the body on its way.",
            )

    def delivery_key(self, headers: Mapping[str, str]) -> str | None:
        """The delivery's id, when a header names it."""
        return headers.get(self.delivery_header) if self.delivery_header else None

    def sign(self, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        """The headers that a sender with the secret adds to a request, beyond those it has."""
        added: dict[str, str] = {}
        signed = body
        if self.timestamp_header is not None:
            added[self.timestamp_header] = str(int(self.clock()))
            signed = added[self.timestamp_header].encode() + b"." + body
        if self.delivery_header is not None and self.delivery_header not in headers:
            added[self.delivery_header] = str(uuid.uuid4())
        digest = hmac.digest(self.secret, signed, self.algorithm)
        text = digest.hex() if self.encoding == "hex" else base64.b64encode(digest).decode()
        return {**added, self.header: self.prefix + text}

    def _signed(self, headers: Mapping[str, str], body: bytes) -> bytes:
        if self.timestamp_header is None:
            return body
        given = headers.get(self.timestamp_header, "")
        if not (given.isascii() and given.isdigit() and len(given) <= 12):
            raise Problem(
                401,
                "signature_timestamp_missing",
                f"The header `{self.timestamp_header}` must hold the seconds since the epoch. "
                "hint: the sender signs `<timestamp>.<body>` and sends the timestamp along.",
            )
        if abs(self.clock() - int(given)) > self.tolerance.total_seconds():
            raise Problem(
                401,
                "signature_expired",
                f"The timestamp in `{self.timestamp_header}` is more than "
                f"{self.tolerance.total_seconds():g} seconds from now. hint: send the request anew, "
                "and check both clocks.",
            )
        return given.encode() + b"." + body

    def _decode(self, given: str) -> bytes:
        """The bytes of a signature as sent; a malformed one is as wrong as any other."""
        if not given.startswith(self.prefix):
            return b""
        text = given[len(self.prefix) :].strip()
        try:
            return (
                bytes.fromhex(text)
                if self.encoding == "hex"
                else base64.b64decode(text, validate=True)
            )
        except (ValueError, binascii.Error):
            return b""


def github(secret: bytes) -> Hmac:
    """GitHub's scheme: `X-Hub-Signature-256`, with `X-GitHub-Delivery` naming the delivery."""
    return Hmac(
        secret=secret,
        header="x-hub-signature-256",
        prefix="sha256=",
        delivery_header="x-github-delivery",
    )


def scheme_of(
    declared: Signature, *, step: Descriptor, secret: Callable[[str], str | None]
) -> SignatureScheme:
    """The scheme that a step declares, with its secret.

    Raises:
        SetupError: `secret` does not know the secret.
    """
    value = secret(declared.secret)
    if not value:
        raise SetupError(
            f"The step `{step.id}` checks signatures with the secret `{declared.secret}`, which is "
            f"{'empty' if value == '' else 'not set'}.",
            code="secret_missing",
            hint=f"set the environment variable `{declared.secret}` to the secret that the sender has",
            file=step.path,
        )
    if declared.scheme == "github":
        return github(value.encode())
    return Hmac(
        secret=value.encode(),
        header=declared.header.lower(),
        algorithm=declared.algorithm,
        encoding=declared.encoding,
        prefix=declared.prefix,
        timestamp_header=_lower(declared.timestamp_header),
        tolerance=declared.tolerance,
        delivery_header=_lower(declared.id_header),
    )


def _lower(header: str | None) -> str | None:
    return None if header is None else header.lower()
