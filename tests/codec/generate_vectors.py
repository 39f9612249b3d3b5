"""Writes `codec/vectors/*.json`: `python tests/codec/generate_vectors.py`.

Everything is fixed (secrets, nonces, times, compressed bytes), so a second run writes the same
files, and a test that runs it in memory finds every drift of the format.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

from google.protobuf.json_format import MessageToDict
from temporalio.api.common.v1 import Payload

from wistro_codec import (
    FlowKey,
    KeyRing,
    Master,
    dump_keys,
    flow_of_workflow,
    keyed_digest,
    mint_run_token,
)
from wistro_codec.envelope import FLAG_DEFLATE, assemble
from wistro_codec.payload import ENCODING, KEY_ID_FIELD

FOLDER = Path(__file__).parents[2] / "codec" / "vectors"

OLD = Master("k1", datetime(2025, 1, 1, tzinfo=UTC), bytes(range(32)))
NEW = Master("k2", datetime(2025, 6, 1, tzinfo=UTC), bytes(range(255, 223, -1)))
STRANGER = Master("k9", datetime(2025, 6, 1, tzinfo=UTC), bytes([7]) * 32)
RING = KeyRing([OLD, NEW], "k2")
KEY = RING.active("orders")
RUN = "0af7651916cd43dd8448eb211c80319c"
NOW = 1_750_000_000

Json = dict[str, object]

# Made once with zlib, level 9, from `DYNAMIC_TEXT`: other compressors give other bytes that mean
# the same, so they are kept here instead of being made anew.
DYNAMIC_TEXT = (
    b'{"orders":[' + b",".join(b'{"id":%d,"status":"paid"}' % n for n in range(200)) + b"]}"
)
DYNAMIC_DEFLATE = bytes.fromhex(
    "7dd83b4e1d411445d1b9744cd0a7fec5542c0748387004021c21e66e2487d6aab46f74f7d3eb5e559fd7cbdbf3"
    "afb7f7ebf1c7e7f5fbf97abc1faef78fa78f3fdf4faed7a7ef275f0fff06d1a0685035681a740d86065383a5c1"
    "e6825e9dbb87cb87db87eb87fb8701c2026182b0416183e2df9f0d0a1b1436286c50d8a0b0416183c206950d2a"
    "1b54ff09d8a0b2416583ca06950d2a1b5436686cd0d8a0b141f39b800d1a1b3436686cd0d8a0b1416783ce069d"
    "0d3a1b74bf0ed9a0b3416783ce069d0d061b0c36186c30d860b0c1f037810d061b0c36186c30d960b2c16483c9"
    "06930d261b4c7f18d960b2c16483c5068b0d161b2c36586cb0d860b1c1b20ed860b1c16683cd069b0d361b6c36"
    "d86cb0d960b3c136910e4632926e2be936936e3be936946e4be936956e5be936966ed73891d1350e683ca8f1c0"
    "c6831b0f703cc8f14047db31c663ca41d0ae613fc6808c0519133236648cc8589131236347a61e0e14ae614ac6"
    "968c31196b32e664ecc91894b1286352a61dce57ae6155c6ac8c5d19c33296654ccbd896312e635da61f8e9bae"
    "6160c6c28c89191b334666accc9899b1336368661c4edfae616bc6d88cb5197333f6660cce589c31396373661e"
    "2e235cc3ec8cdd19c33396674ccfd89e313e637dc6fccc3adccdb886051a133436688cd058a131436387c6108d"
    "259a7db8aafabfc6cfafbf"
)


def deflate_run(byte: int, length: int) -> bytes:
    """Compress one repeated byte into a fixed-Huffman block, 1 + 258 n bytes of it at most."""
    bits: list[int] = [1, 1, 0]  # the last block, fixed Huffman codes

    def code(value: int, size: int) -> None:
        bits.extend(value >> shift & 1 for shift in range(size - 1, -1, -1))

    assert byte < 144
    assert length % 258 == 1
    code(0x30 + byte, 8)
    for _ in range(length // 258):
        code(0xC5, 8)  # length 258
        code(0, 5)  # distance 1
    code(0, 7)  # the end
    bits.extend([0] * (-len(bits) % 8))
    octets = [bits[start : start + 8] for start in range(0, len(bits), 8)]
    return bytes(sum(bit << place for place, bit in enumerate(octet)) for octet in octets)


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def flip(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def keys() -> Json:
    derivations: list[Json] = []
    for master, tenant, flow in [
        (OLD, "default", "orders"),
        (NEW, "default", "orders"),
        (NEW, "acme", "orders"),
        (NEW, "default", "_project"),
        (NEW, "default", "Überweisung 7"),
    ]:
        key = master.derive(flow, tenant)
        derivations.append(
            {
                "master": master.id,
                "tenant": tenant,
                "flow": flow,
                "key_id": str(key.id),
                "flow_key": text(key.secret),
                "payload_key": text(key.subkey("wistro/payload/v1")),
                "token_key": text(key.subkey("wistro/run-token/v1")),
            }
        )
    ring = json.loads(dump_keys(RING))
    export = json.loads(dump_keys(RING.export(["orders"])))
    first = ring["masters"][0]
    workflow_ids = ["orders/0af7", "orders/cron/2025-01-01", "orders", "/0af7", ""]
    return {
        "description": "Key files, key ids, derivation, digests. The other files use `ring`.",
        "ring": ring,
        "export": export,
        "derivations": derivations,
        "key_ids": {
            "valid": ["k1/default/orders", "a_b-3/acme corp/Überweisung 7", "0/t/_project"],
            "invalid": [
                "",
                "k1",
                "k1/orders",
                "k1/default/orders/7",
                "k1//orders",
                "k1/default/",
                "/default/orders",
                "K1/default/orders",
                "k 1/default/orders",
                f"{'k' * 33}/default/orders",
                f"k1/default/{'o' * 256}",
                "k1/default/or\nders",
                "k1/default/or\x7fders",
            ],
        },
        "workflow_ids": [{"id": each, "flow": flow_of_workflow(each)} for each in workflow_ids],
        "digests": [
            {
                "purpose": purpose,
                "flow": flow,
                "text": value,
                "digest": keyed_digest(RING, purpose, value, flow=flow),
            }
            for purpose, flow, value in [
                ("idempotency-key", "orders", "7f3c"),
                ("call", "orders", "7f3c"),
                ("idempotency-key", "billing", "7f3c"),
            ]
        ],
        "invalid_files": [
            {"name": name, "file": file}
            for name, file in [
                ("not an object", []),
                ("empty object", {}),
                ("unknown format", ring | {"format": "wistro-keys/2"}),
                ("an export that claims to be a ring", export | {"format": "wistro-keys/1"}),
                ("no masters", ring | {"masters": []}),
                ("masters that are no list", ring | {"masters": {}}),
                ("active that is no text", ring | {"active": 1}),
                ("active that is no master id", export | {"active": "K2"}),
                ("active is not among the masters", ring | {"active": "k3"}),
                ("unknown field", ring | {"note": "?"}),
                ("two masters of one id", ring | {"masters": [first, *ring["masters"]]}),
                ("short secret", ring | {"masters": [first | {"secret": "AAAA"}], "active": "k1"}),
                ("secret not base64", ring | {"masters": [first | {"secret": "?"}]}),
                ("master id with a slash", ring | {"masters": [first | {"id": "k/1"}]}),
                ("no time zone", ring | {"masters": [first | {"created": "2025-01-01T00:00:00"}]}),
                ("no secret", ring | {"masters": [{"id": "k1", "created": first["created"]}]}),
                ("a master that is text", ring | {"masters": ["k1"]}),
                ("export with a bad key id", export | {"keys": [export["keys"][0] | {"id": "k1"}]}),
            ]
        ],
    }


def envelopes() -> Json:
    hello = b"hello, world"
    sealed = assemble(KEY, 0, nonce(1), hello)
    old = assemble(RING.history("orders")[0], 0, nonce(2), hello)
    bomb = deflate_run(0, 1 + 258 * 4063)
    cases: list[Json] = []

    def valid(name: str, flags: int, number: int, content: bytes, plaintext: bytes) -> None:
        envelope = assemble(KEY, flags, nonce(number), content)
        cases.append(
            {
                "name": name,
                "key_id": str(KEY.id),
                "nonce": text(nonce(number)),
                "envelope": text(envelope),
                "plaintext": text(plaintext),
            }
        )

    def invalid(
        name: str, error: str, envelope: bytes, key: FlowKey = KEY, limit: int | None = None
    ) -> None:
        case: Json = {"name": name, "key_id": str(key.id), "envelope": text(envelope)}
        if limit is not None:
            case["limit"] = limit
        cases.append(case | {"error": error})

    valid("text", 0, 1, hello, hello)
    valid("empty", 0, 3, b"", b"")
    valid("every byte", 0, 4, bytes(range(256)), bytes(range(256)))
    valid("deflated, fixed codes", FLAG_DEFLATE, 5, deflate_run(97, 5161), b"a" * 5161)
    valid("deflated, dynamic codes", FLAG_DEFLATE, 6, DYNAMIC_DEFLATE, DYNAMIC_TEXT)
    cases.append(
        {
            "name": "text under the older master",
            "key_id": "k1/default/orders",
            "nonce": text(nonce(2)),
            "envelope": text(old),
            "plaintext": text(hello),
        }
    )

    invalid("no bytes", "envelope_truncated", b"")
    invalid("one byte short of the smallest", "envelope_truncated", sealed[:29])
    invalid("last byte cut off", "envelope_tampered", sealed[:-1])
    invalid("one byte too many", "envelope_tampered", sealed + b"\0")
    invalid("ciphertext changed", "envelope_tampered", flip(sealed, 14))
    invalid("nonce changed", "envelope_tampered", flip(sealed, 2))
    invalid("tag changed", "envelope_tampered", flip(sealed, -1))
    invalid("flags changed", "envelope_tampered", flip(sealed, 1))
    invalid("unknown version", "envelope_version_unknown", b"\2" + sealed[1:])
    invalid("version zero", "envelope_version_unknown", b"\0" + sealed[1:])
    invalid("unknown flag", "envelope_flags_unknown", sealed[:1] + b"\2" + sealed[2:])
    invalid("another flow's key", "envelope_tampered", sealed, RING.active("billing"))
    invalid("another tenant's key", "envelope_tampered", sealed, RING.active("orders", "acme"))
    invalid("the older master's key", "envelope_tampered", sealed, RING.history("orders")[0])
    relabelled = FlowKey(RING.active("orders", "acme").id, KEY.created, KEY.secret)
    invalid(
        "right key, sealed with another key id as associated data",
        "envelope_tampered",
        assemble(relabelled, 0, nonce(7), hello),
    )
    invalid(
        "unknown master",
        "key_unknown",
        assemble(STRANGER.derive("orders"), 0, nonce(8), hello),
        STRANGER.derive("orders"),
    )
    invalid("larger than the limit", "payload_too_large", sealed, limit=11)
    bomb_sealed = assemble(KEY, FLAG_DEFLATE, nonce(9), bomb)
    invalid("decompression bomb", "payload_too_large", bomb_sealed, limit=65536)
    packed = deflate_run(97, 5161)
    for number, name, content in [
        (10, "deflate stream cut off", packed[:-1]),
        (11, "bytes after the deflate stream", packed + b"\0"),
        (12, "no deflate stream", b"\xff\xff\xff"),
        (13, "empty deflate stream", b""),
    ]:
        envelope = assemble(KEY, FLAG_DEFLATE, nonce(number), content)
        invalid(name, "envelope_corrupt", envelope)
    return {
        "description": "Envelopes. Open with the key that `key_id` names in the ring of keys.json;"
        " `limit` is the most bytes of plaintext (64 MiB where it is absent).",
        "cases": cases,
    }


def payloads() -> Json:
    order = Payload(metadata={"encoding": b"json/plain"}, data=b'{"id":"7","total":"12.50"}')
    plaintext = b"\n\x16\n\x08encoding\x12\njson/plain\x12\x1a" + order.data
    assert Payload.FromString(plaintext) == order

    def sealed(
        envelope: bytes, label: bytes | None = KEY.label, encoding: bytes = ENCODING
    ) -> Json:
        metadata = {"encoding": encoding} | ({KEY_ID_FIELD: label} if label is not None else {})
        fields: Json = {name: text(value) for name, value in metadata.items()}
        return {"metadata": fields, "data": text(envelope)}

    good = assemble(KEY, 0, nonce(20), plaintext)
    opened = MessageToDict(order)
    null = Payload(metadata={"encoding": b"binary/null"})
    null_sealed = assemble(KEY, 0, nonce(21), null.SerializeToString(deterministic=True))
    no_payload = assemble(KEY, 0, nonce(22), b"\x0a")
    billing = RING.active("billing").label
    return {
        "description": "Temporal payloads in protobuf JSON, opened with the ring of keys.json.",
        "cases": [
            {"name": "an order", "payload": sealed(good), "opened": opened},
            {"name": "null", "payload": sealed(null_sealed), "opened": MessageToDict(null)},
            {"name": "not ours: passed on", "payload": opened, "opened": opened},
            {
                "name": "another tool's encryption: passed on",
                "payload": sealed(good, encoding=b"binary/encrypted"),
                "opened": sealed(good, encoding=b"binary/encrypted"),
            },
            {
                "name": "a later version of ours",
                "payload": sealed(good, encoding=b"binary/wistro.v2"),
                "error": "envelope_version_unknown",
            },
            {"name": "no key id", "payload": sealed(good, None), "error": "key_id_invalid"},
            {
                "name": "key id is no UTF-8",
                "payload": sealed(good, b"\xff/default/orders"),
                "error": "key_id_invalid",
            },
            {
                "name": "unknown master",
                "payload": sealed(good, b"k9/default/orders"),
                "error": "key_unknown",
            },
            {
                "name": "moved to another flow's key id",
                "payload": sealed(good, billing),
                "error": "envelope_tampered",
            },
            {"name": "no data", "payload": sealed(b""), "error": "envelope_truncated"},
            {
                "name": "genuine, but no payload inside",
                "payload": sealed(no_payload),
                "error": "envelope_corrupt",
            },
        ],
    }


def tokens() -> Json:
    expires = NOW + 60
    good = mint_run_token(RING, flow="orders", run_id=RUN, expires_at=expires)
    old = mint_run_token(RING.activate("k1"), flow="orders", run_id=RUN, expires_at=expires)
    stranger = mint_run_token(
        KeyRing([STRANGER], "k9"), flow="orders", run_id=RUN, expires_at=expires
    )
    other_run = mint_run_token(RING, flow="orders", run_id="f" * 32, expires_at=expires)
    prefix, _, signature = good.rpartition(".")
    says: Json = {"flow": "orders", "run_id": RUN, "tenant": "default", "expires_at": expires}

    def body(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    bad_key = body(b'{"exp":1,"key":"k1","run":"x"}')
    malformed = {
        "empty": "",
        "no signature": prefix,
        "another version": good.replace("wr1.", "wr2."),
        "body is not base64url": f"wr1.a+b.{signature}",
        "body is not JSON": f"wr1.{body(b'{')}.{signature}",
        "body is not an object": f"wr1.{body(b'[]')}.{signature}",
        "a claim is missing": f"wr1.{body(b'{}')}.{signature}",
        "not ASCII": "wr1.ü.ü",
        "too long": f"wr1.{'A' * 2048}.{signature}",
    }
    invalid = {
        "signature of another run": f"{prefix}.{other_run.rpartition('.')[2]}",
        "signature cut off": good[:-1],
        "signature padded": f"{good}=",
        "empty signature": f"{prefix}.",
        "unknown master": stranger,
        "key id that is none": f"wr1.{bad_key}.{signature}",
    }
    return {
        "description": "Run tokens, verified with the ring of keys.json at the second `now`.",
        "cases": [
            {"name": "good", "token": good, "now": NOW, "says": says},
            {"name": "older master", "token": old, "now": NOW, "says": says},
            {"name": "last second", "token": good, "now": expires - 1, "says": says},
            {"name": "expired", "token": good, "now": expires, "error": "token_expired"},
            *(
                {"name": name, "token": token, "now": NOW, "error": "token_malformed"}
                for name, token in malformed.items()
            ),
            *(
                {"name": name, "token": token, "now": NOW, "error": "token_invalid"}
                for name, token in invalid.items()
            ),
        ],
    }


def generate() -> dict[str, str]:
    """The text of every vector file, by its name."""
    files = {"keys": keys(), "envelopes": envelopes(), "payloads": payloads(), "tokens": tokens()}
    return {
        f"{name}.json": json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        for name, content in files.items()
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, content in generate().items():
        (FOLDER / file).write_text(content, encoding="utf-8")
        print(f"codec/vectors/{file}")
