"""Request bodies: from bytes and a content type to a JSON value that a run can carry."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

from pydantic_core import from_json

from wistro_triggers.problems import Problem


def parse_body(raw: bytes, content_type: str | None) -> object:
    """The body as a JSON value.

    JSON (also `+json`) is parsed strictly; forms become objects whose repeated fields are lists and
    whose files are `{"filename", "content_type", "base64"}`; text becomes a string. No body, and bytes
    of any other type, are `None`: the handler finds those in `raw_body`.

    Raises:
        Problem: 400 when the body is not what its content type says.
    """
    if not raw:
        return None
    if not content_type:
        return _json_or_text(raw)
    header = EmailMessage()
    header["content-type"] = content_type
    kind = header.get_content_type()
    if kind == "application/json" or kind.endswith("+json"):
        return parse_json(raw)
    if kind == "application/x-www-form-urlencoded":
        return multiple(parse_qsl(_text(raw, "utf-8"), keep_blank_values=True))
    if kind == "multipart/form-data":
        return _multipart(raw, content_type)
    if kind.startswith("text/"):
        return _text(raw, header.get_content_charset("utf-8"))
    return None


def parse_json(raw: bytes) -> object:
    """A JSON value (RFC 8259: no `NaN`, no lone surrogates).

    Raises:
        Problem: 400 that says where the text stops being JSON.
    """
    try:
        return from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise Problem(
            400,
            "invalid_json",
            f"The body is not JSON: {error}. hint: send UTF-8 JSON, or set `Content-Type` to what it is.",
        ) from None


def multiple(pairs: list[tuple[str, str]]) -> dict[str, object]:
    """Pairs as an object: a string for a name given once, a list for one given several times."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _json_or_text(raw: bytes) -> object:
    try:
        return from_json(raw, allow_inf_nan=False)
    except ValueError:
        return _text(raw, "utf-8")


def _text(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset)
    except (UnicodeDecodeError, LookupError):
        raise Problem(
            400,
            "invalid_text",
            f"The body is not text in `{charset}`. hint: name its charset in `Content-Type`, or send it "
            "as `application/octet-stream`.",
        ) from None


def _multipart(raw: bytes, content_type: str) -> dict[str, object]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(head + raw)
    if not message.is_multipart():
        raise Problem(
            400,
            "invalid_multipart",
            "The body has no part between its boundaries. hint: `Content-Type` must name the boundary "
            "that the body uses.",
        )
    found: dict[str, list[object]] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            continue
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        filename = part.get_filename()
        value: object
        if filename is None:
            value = _text(content, part.get_content_charset("utf-8"))
        else:
            value = {
                "filename": filename,
                "content_type": part.get_content_type(),
                "base64": base64.b64encode(content).decode(),
            }
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
