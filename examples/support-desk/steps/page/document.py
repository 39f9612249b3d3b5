"""The page of the desk: one document with its style and its script, and a policy that allows no other."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent


@cache
def document() -> tuple[str, str]:
    """The document, and the `Content-Security-Policy` that it is served with."""
    style, script = (_read(name) for name in ("desk.css", "desk.js"))
    text = _read("desk.html").replace("/* desk.css */", style).replace("/* desk.js */", script)
    policy = {
        "default-src": "'none'",
        "script-src": _hash(script),
        "style-src": _hash(style),
        "img-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",  # text never becomes markup
    }
    return text, "; ".join(f"{name} {value}" for name, value in policy.items())


def _read(name: str) -> str:
    return (_HERE / name).read_text("utf-8").strip()


def _hash(text: str) -> str:
    """By https://www.w3.org/TR/CSP3/#grammardef-hash-source; of exactly what stands in the element."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
