"""The text of key files: a ring of masters, or the exported keys of some flows. `SPEC.md` section 2."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import cast

from wistro_codec.errors import CodecError
from wistro_codec.keys import KEY_SIZE, MASTER_ID, FlowKey, FlowKeys, KeyId, KeyRing, Master

RING_FORMAT = "wistro-keys/1"
EXPORT_FORMAT = "wistro-flow-keys/1"


def dump_keys(keys: KeyRing | FlowKeys) -> str:
    """The text of a key file. It holds secrets in clear."""
    if isinstance(keys, KeyRing):
        masters = [_dump(master.id, master.created, master.secret) for master in keys.masters]
        document = {"format": RING_FORMAT, "active": keys.active_master.id, "masters": masters}
    else:
        exported = [_dump(str(key.id), key.created, key.secret) for key in keys.keys]
        document = {"format": EXPORT_FORMAT, "active": keys.active_master_id, "keys": exported}
    return json.dumps(document, indent=2) + "\n"


def parse_keys(text: str, *, source: str) -> KeyRing | FlowKeys:
    """Read the text of a key file.

    Args:
        text: The text.
        source: Where it came from, for errors.

    Raises:
        CodecError: `key_file_invalid`.
    """
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        raise invalid_key_file(source, "JSON was expected") from None
    try:
        if isinstance(document, dict) and "keys" in document:
            return _parse_export(cast("object", document))
        return _parse_ring(cast("object", document))
    except (CodecError, TypeError, ValueError) as error:
        problem = error.message if isinstance(error, CodecError) else str(error)
        raise invalid_key_file(source, problem.rstrip(".")) from None


def invalid_key_file(source: str, problem: str) -> CodecError:
    """The error for a key file that cannot be understood."""
    return CodecError(
        f"{source} is not a key file: {problem}.",
        code="key_file_invalid",
        hint="restore it from a backup; without its masters old payloads cannot be read",
    )


def _parse_ring(document: object) -> KeyRing:
    active, records = _parse_document(document, RING_FORMAT, "masters")
    for name, _, _ in records:
        if not MASTER_ID.fullmatch(name):
            raise ValueError(f"{name!r} is not the id of a master")
    return KeyRing([Master(*record) for record in records], active)


def _parse_export(document: object) -> FlowKeys:
    active, records = _parse_document(document, EXPORT_FORMAT, "keys")
    keys = [FlowKey(KeyId.parse(name), created, secret) for name, created, secret in records]
    return FlowKeys(keys, active)


def _parse_document(
    document: object, expected: str, records_name: str
) -> tuple[str, list[tuple[str, datetime, bytes]]]:
    fields = _fields(document, ("format", "active", records_name))
    if fields["format"] != expected:
        raise ValueError(f"the format `{expected}` was expected, {fields['format']!r} found")
    active = _text(fields, "active")
    if not MASTER_ID.fullmatch(active):
        raise ValueError(f"`active` must be the id of a master, {active!r} found")
    records = fields[records_name]
    if not isinstance(records, list):
        raise TypeError(f"`{records_name}` must be a list")
    parsed = [_parse_record(record) for record in cast("list[object]", records)]
    ids = [name for name, _, _ in parsed]
    if len(set(ids)) < len(ids):
        raise ValueError(f"two of the `{records_name}` have the same id")
    return active, parsed


def _parse_record(record: object) -> tuple[str, datetime, bytes]:
    fields = _fields(record, ("id", "created", "secret"))
    name = _text(fields, "id")
    created = datetime.fromisoformat(_text(fields, "created"))
    if created.tzinfo is None:
        raise ValueError(f"`created` of the key `{name}` has no time zone")
    try:
        secret = base64.b64decode(_text(fields, "secret"), validate=True)
    except ValueError:
        raise ValueError(f"the secret of the key `{name}` is not base64") from None
    if len(secret) != KEY_SIZE:
        raise ValueError(f"the secret of the key `{name}` must have {KEY_SIZE} bytes")
    return name, created, secret


def _fields(value: object, names: Collection[str]) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"an object with {', '.join(f'`{name}`' for name in names)} was expected")
    fields = cast("dict[str, object]", value)
    # A field that is not understood would be lost when the file is written again.
    if unknown := fields.keys() - set(names):
        raise ValueError(f"the fields {sorted(unknown)} are unknown")
    if missing := set(names) - fields.keys():
        raise ValueError(f"the fields {sorted(missing)} are missing")
    return fields


def _text(fields: dict[str, object], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise TypeError(f"`{name}` must be text")
    return value


def _dump(name: str, created: datetime, secret: bytes) -> dict[str, str]:
    moment = created.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"id": name, "created": moment, "secret": base64.b64encode(secret).decode()}
