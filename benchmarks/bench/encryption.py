"""The benchmark of the codec, against AES-256-GCM alone on the same bytes."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload

from bench.effort import Effort
from bench.figures import Row, Series, p50
from bench.sides import Bench
from wistro_codec import KeyRing, WistroCodec

SIZES = {"1 KiB": 2**10, "64 KiB": 2**16, "1 MiB": 2**20}
_WORDS = ("order", "parcel", "customer", "street", "paid", "shipped", "gear", "engine", "card")


async def codec(bench: Bench, effort: Effort) -> list[Row]:
    """Encoding and decoding payloads: JSON, which is compressed from 4 KiB on, and noise."""
    del bench
    wistro = WistroCodec(KeyRing.generate(datetime.now(UTC))).for_flow("bench")
    rows: list[Row] = []
    for kind, make in (("JSON", _json), ("noise", os.urandom)):
        for label, size in SIZES.items():
            data = make(size)
            payload = Payload(metadata={"encoding": b"json/plain"}, data=data)
            (sealed,) = await wistro.encode([payload])
            cipher, nonce = AESGCM(AESGCM.generate_key(256)), os.urandom(12)
            secret = cipher.encrypt(nonce, data, None)
            plain_encrypt = _awaited(lambda c=cipher, n=nonce, d=data: c.encrypt(n, d, None))
            plain_decrypt = _awaited(lambda c=cipher, n=nonce, s=secret: c.decrypt(n, s, None))
            for verb, ours, theirs in (
                ("encode", lambda p=payload: wistro.encode([p]), plain_encrypt),
                ("decode", lambda s=sealed: wistro.decode([s]), plain_decrypt),
            ):
                a, b = Series(), Series()
                for _ in range(effort(7, 3)):
                    for action, series in ((ours, a), (theirs, b)):
                        series.open_round()
                        series.add(await _rate(action, size, seconds=effort(30, 10) / 100))
                rows.append(
                    Row(
                        label=f"codec, {verb} {label} of {kind}",
                        unit="MB/s",
                        wistro=p50(a.values),
                        byhand=p50(b.values),
                        other="AES-256-GCM alone",
                        ratio=p50(b.values) / p50(a.values),
                        samples=len(a.values),
                    )
                )
    return rows


async def _rate(action: Callable[[], Awaitable[object]], size: int, *, seconds: float) -> float:
    """MB/s of an action on `size` bytes, done over and over for some time."""
    begun, count = time.perf_counter(), 0
    while (passed := time.perf_counter() - begun) < seconds or count < 3:
        await action()
        count += 1
    return count * size / passed / 1e6


def _awaited(action: Callable[[], object]) -> Callable[[], Awaitable[object]]:
    async def run() -> object:
        return action()

    return run


def _json(size: int) -> bytes:
    """Text of JSON's redundancy, the same in every measurement."""
    chosen = random.Random(7)
    parts = ['{"lines":[']
    length = 0
    while length < size:
        part = (
            f'{{"id":{chosen.randrange(10**9)},"text":"{" ".join(chosen.choices(_WORDS, k=6))}"}},'
        )
        parts.append(part)
        length += len(part)
    return "".join(parts).encode()[:size]
