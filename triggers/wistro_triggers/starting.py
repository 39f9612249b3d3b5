"""How a caller says when and how its run starts: headers and their meaning.

`Prefer: respond-async` and `wait` are RFC 7240; `Idempotency-Key` follows the IETF draft
draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from wistro.options import parse_duration
from wistro_triggers.problems import Detail, Problem

_FURTHEST = timedelta(days=366)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_SECONDS = re.compile(r"-?\d{1,12}(\.\d{1,6})?")
_DURATION = TypeAdapter(timedelta)
_MOMENT = TypeAdapter(datetime)


@dataclass(frozen=True, kw_only=True)
class StartOptions:
    """What the headers of a request ask for."""

    idempotency_key: str | None = None
    """`Idempotency-Key`: a second request with it gets the first one's run and answer."""
    respond_async: bool = False
    """`Prefer: respond-async`: answer 202 at once."""
    wait: timedelta | None = None
    """`Prefer: wait=10`: how many seconds the caller is willing to wait."""
    after: timedelta | None = None
    """`Wistro-Delay`: start the run after this time (seconds, `10m`, or ISO 8601 as in `PT10M`)."""
    at: datetime | None = None
    """`Wistro-At`: start the run at this moment (RFC 3339 with an offset)."""

    @property
    def delayed(self) -> bool:
        """Whether the run starts later, so that nobody can wait for its answer."""
        return self.after is not None or self.at is not None


def read_options(headers: Mapping[str, str]) -> StartOptions:
    """Read the options from a request's headers.

    Raises:
        Problem: 400 that names the header that is wrong.
    """
    preferences = _preferences(headers.get("prefer", ""))
    wait = _wait(preferences.get("wait"))
    options = StartOptions(
        idempotency_key=_key(headers.get("idempotency-key")),
        respond_async="respond-async" in preferences or wait == timedelta(0),
        wait=wait,
        after=_delay(headers.get("wistro-delay")),
        at=_moment(headers.get("wistro-at")),
    )
    if options.after is not None and options.at is not None:
        raise _wrong("Wistro-At", "cannot be combined with `Wistro-Delay`", "send one of the two")
    return options


def _preferences(header: str) -> dict[str, str]:
    pairs = (preference.split(";")[0].partition("=") for preference in header.split(","))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _key(given: str | None) -> str | None:
    if given is None or _KEY.fullmatch(given):
        return given
    raise _wrong(
        "Idempotency-Key",
        f"must be 1 to 255 visible ASCII characters, not {len(given)} of any kind",
        "use a UUID",
    )


def _wait(given: str | None) -> timedelta | None:
    # RFC 7240: a preference that is not understood is ignored, never refused.
    return timedelta(seconds=int(given)) if given and given.isdigit() and len(given) < 6 else None


def _delay(given: str | None) -> timedelta | None:
    if given is None:
        return None
    hint = "send seconds (`600`), or a duration such as `10m` or `PT10M`"
    try:
        seconds = float(given) if _SECONDS.fullmatch(given) else None
        delay = _DURATION.validate_python(parse_duration(given) if seconds is None else seconds)
    except ValueError:
        raise _wrong("Wistro-Delay", f"`{given}` is not a duration", hint) from None
    if not timedelta(0) <= delay <= _FURTHEST:
        raise _wrong("Wistro-Delay", f"`{given}` is not between 0 and {_FURTHEST.days} days", hint)
    return delay


def _moment(given: str | None) -> datetime | None:
    if given is None:
        return None
    hint = "send a moment with an offset, as in `2030-01-31T09:00:00Z`"
    try:
        moment = _MOMENT.validate_python(given)
    except ValidationError:
        raise _wrong("Wistro-At", f"`{given}` is not a moment", hint) from None
    if moment.tzinfo is None:
        raise _wrong("Wistro-At", f"`{given}` has no offset from UTC", hint)
    if moment - datetime.now(moment.tzinfo) > _FURTHEST:
        raise _wrong("Wistro-At", f"`{given}` is more than {_FURTHEST.days} days away", hint)
    return moment


def _wrong(header: str, finding: str, hint: str) -> Problem:
    return Problem(
        400,
        "invalid_header",
        f"The header `{header}` {finding}. hint: {hint}.",
        details=[Detail(field=f"headers.{header.lower()}", message=finding)],
    )
