"""What an operator may choose about the HTTP side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class HttpSettings:
    """Bounds and switches of the HTTP side; every one has a default that is safe in production."""

    max_body_bytes: int = 4 * 1024 * 1024
    """The largest request body that is read; a larger one is answered with 413."""
    answer_timeout: timedelta = timedelta(seconds=30)
    """How long a caller waits for the answer of an API step before it gets a 202 with the run id."""
    retry_after: timedelta = timedelta(seconds=2)
    """When callers are told to come back while Temporal is away."""
    keep_alive: timedelta = timedelta(seconds=15)
    """How often a quiet live stream sends a comment, so that proxies do not cut it."""
    cors_origins: tuple[str, ...] = ()
    """Web origins whose pages may call us, for example `http://localhost:5173`."""
    public_metrics: bool = False
    """Serve `/_wistro/metrics` without a token."""
