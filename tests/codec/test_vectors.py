"""The golden bytes hold for the Python implementation, and its generator still makes them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from temporalio.api.common.v1 import Payload

from tests.codec.generate_vectors import FOLDER, generate
from wistro_codec import (
    CodecError,
    FlowKeys,
    KeyId,
    KeyRing,
    RunToken,
    WistroCodec,
    dump_keys,
    flow_of_workflow,
    keyed_digest,
    parse_keys,
    unseal,
    verify_run_token,
)
from wistro_codec.envelope import MAX_PLAINTEXT, assemble

Case = dict[str, Any]


def load(name: str) -> Case:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def named(cases: list[Case]) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in cases]


KEYS = load("keys.json")
RING = parse_keys(json.dumps(KEYS["ring"]), source="keys.json")
assert isinstance(RING, KeyRing)


def test_the_generator_makes_the_files_as_they_are() -> None:
    files = generate()
    assert {path.name for path in FOLDER.glob("*.json")} == set(files)
    for name, content in files.items():
        path = Path(FOLDER / name)
        assert path.read_text(encoding="utf-8") == content, f"{path.name} has drifted"


def test_key_files_are_written_as_read() -> None:
    export = parse_keys(json.dumps(KEYS["export"]), source="keys.json")
    assert isinstance(export, FlowKeys)
    assert json.loads(dump_keys(export)) == KEYS["export"]
    assert json.loads(dump_keys(RING)) == KEYS["ring"]


@pytest.mark.parametrize("case", named(KEYS["invalid_files"]))
def test_invalid_key_files(case: Case) -> None:
    with pytest.raises(CodecError) as refused:
        parse_keys(json.dumps(case["file"]), source="the vector")
    assert refused.value.code == "key_file_invalid"


@pytest.mark.parametrize("case", KEYS["derivations"], ids=lambda case: case["key_id"])
def test_derivation(case: Case) -> None:
    key = RING.get(case["key_id"])
    assert (key.id.master, key.id.tenant, key.id.flow) == (
        case["master"],
        case["tenant"],
        case["flow"],
    )
    assert key.secret == base64.b64decode(case["flow_key"])
    assert key.subkey("wistro/payload/v1") == base64.b64decode(case["payload_key"])
    assert key.subkey("wistro/run-token/v1") == base64.b64decode(case["token_key"])


@pytest.mark.parametrize("text", KEYS["key_ids"]["valid"])
def test_valid_key_ids(text: str) -> None:
    assert str(KeyId.parse(text)) == text


@pytest.mark.parametrize("text", KEYS["key_ids"]["invalid"])
def test_invalid_key_ids(text: str) -> None:
    with pytest.raises(CodecError) as refused:
        KeyId.parse(text)
    assert refused.value.code == "key_id_invalid"


def test_workflow_ids() -> None:
    for case in KEYS["workflow_ids"]:
        assert flow_of_workflow(case["id"]) == case["flow"]


def test_digests() -> None:
    for case in KEYS["digests"]:
        digest = keyed_digest(RING, case["purpose"], case["text"], flow=case["flow"])
        assert digest == case["digest"]


@pytest.mark.parametrize("case", named(load("envelopes.json")["cases"]))
def test_envelopes(case: Case) -> None:
    envelope = base64.b64decode(case["envelope"])

    def opened() -> bytes:
        return unseal(RING.get(case["key_id"]), envelope, limit=case.get("limit", MAX_PLAINTEXT))

    if "error" in case:
        with pytest.raises(CodecError) as refused:
            opened()
        assert refused.value.code == case["error"]
        return
    plaintext = base64.b64decode(case["plaintext"])
    assert opened() == plaintext
    if envelope[1] == 0:
        nonce = base64.b64decode(case["nonce"])
        assert assemble(RING.get(case["key_id"]), 0, nonce, plaintext) == envelope


@pytest.mark.parametrize("case", named(load("payloads.json")["cases"]))
async def test_payloads(case: Case) -> None:
    payload = ParseDict(case["payload"], Payload())
    codec = WistroCodec(RING)
    if "error" in case:
        with pytest.raises(CodecError) as refused:
            await codec.decode([payload])
        assert refused.value.code == case["error"]
        return
    [opened] = await codec.decode([payload])
    assert MessageToDict(opened) == case["opened"]


@pytest.mark.parametrize("case", named(load("tokens.json")["cases"]))
def test_tokens(case: Case) -> None:
    if "error" in case:
        with pytest.raises(CodecError) as refused:
            verify_run_token(RING, case["token"], now=case["now"])
        assert refused.value.code == case["error"]
        return
    assert verify_run_token(RING, case["token"], now=case["now"]) == RunToken(**case["says"])
