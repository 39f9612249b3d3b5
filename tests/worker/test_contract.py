"""The worker contract: its files are those that the code makes, and they say what they mean."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import jsonschema_rs
import pytest
from fastapi import APIRouter
from pydantic import TypeAdapter, ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from tests.stores.serving import KEYS, application, client, mint, serving, verify
from tests.worker.generate_contract import FOLDER, MESSAGES, REQUESTS, generate, generated, text_of
from tests.worker.golden.making import name_of
from tests.worker.golden.streams_api import SCHEMA, STREAM
from wistro.calls import FlowCall, FlowCalled
from wistro.contract import CallAnswer, ErrorInfo
from wistro.errors import Retryable, SetupError
from wistro.expressions import CelExpressions
from wistro.issues import dotted
from wistro.project.declared import read_declared
from wistro.project.descriptor import StreamDescriptor
from wistro.project.lock import Lock
from wistro.stores import open_journal, open_state
from wistro.stores.memory_stream import MemoryStreams
from wistro_codec.converter import SharedPydanticConverter
from wistro_triggers.calls_worker_api import calls_worker_api
from wistro_triggers.streams_worker_api import Served, streams_worker_api
from wistro_triggers.worker_http import RunClaims
from wistro_worker.activities import step_activity
from wistro_worker.contract import read_invocation
from wistro_worker.deliveries import Deliveries

TYPES = {name: TypeAdapter[object](message) for name, message in MESSAGES.items()}
API = {f"worker_api/{name_of(path)}": path for path in REQUESTS}


def files(kind: str, *of: str) -> list[Any]:
    found = [
        (path.stem, json.loads(path.read_text()))
        for path in sorted((FOLDER / "messages" / kind).glob("*.json"))
    ]
    return [pytest.param(case, id=name) for name, case in found if not of or case["of"] in of]


def schema(name: str) -> Any:
    return jsonschema_rs.validator_for(json.loads((FOLDER / f"schemas/{name}.json").read_text()))


def test_the_files_are_those_that_the_code_makes() -> None:
    written = {str(path.relative_to(FOLDER)): path.read_text() for path in generated()}
    made = {name: text_of(content) for name, content in generate().items()}
    assert written == made, "run `python -m tests.worker.generate_contract`"


def test_every_message_has_golden_ones() -> None:
    valid = {case.values[0]["of"] for case in files("valid")}
    assert set(MESSAGES) == valid
    told = {name for name in MESSAGES if not name.startswith("worker_api/")}
    assert told <= {case.values[0]["of"] for case in files("invalid")}


@pytest.mark.parametrize("case", files("valid"))
def test_a_valid_message_survives_a_round_trip(case: dict[str, Any]) -> None:
    adapter = TYPES[case["of"]]
    message = adapter.validate_json(json.dumps(case["message"]))
    written = json.loads(adapter.dump_json(message, by_alias=True, exclude_unset=_is_request(case)))
    assert written == case.get("means", case["message"])
    schema(case["of"]).validate(case["message"])
    schema(case["of"]).validate(written)


def _is_request(case: dict[str, Any]) -> bool:
    # What a request does not say, the API decides.
    return case["of"] in API


@pytest.mark.parametrize("case", files("invalid"))
def test_an_invalid_message_is_refused(case: dict[str, Any]) -> None:
    if case["of"] == "Invocation" and case["code"] == "contract_version":
        return  # it may be as good as any; who reads it looks at its version
    with pytest.raises(ValidationError) as refused:
        TYPES[case["of"]].validate_json(json.dumps(case["message"]))
    found = [dotted(issue["loc"]) for issue in refused.value.errors()]
    assert dotted(tuple(_parts(case["field"]))) in found
    assert not schema(case["of"]).is_valid(case["message"])


def _parts(field: str) -> list[str | int]:
    return [int(part) if part.isdecimal() else part for part in field.split(".") if part]


@pytest.mark.parametrize("case", files("valid", "Invocation"))
def test_the_worker_reads_invocations(case: dict[str, Any]) -> None:
    invocation = read_invocation(json.dumps(case["message"]).encode())
    assert TYPES["Invocation"].dump_python(invocation, mode="json") == case.get(
        "means", case["message"]
    )


@pytest.mark.parametrize("case", files("invalid", "Invocation"))
async def test_the_worker_refuses_invocations_by_name(case: dict[str, Any]) -> None:
    text = json.dumps(case["message"]).encode()
    with pytest.raises(Retryable) as refused:
        read_invocation(text)
    assert refused.value.code == case["code"]
    if case["code"] == "bad_invocation":
        issues: Any = refused.value.details["issues"]
        assert case["field"] in [issue["field"] for issue in issues]


async def test_an_unreadable_invocation_fails_its_activity_in_the_form_of_the_contract() -> None:
    run_step = step_activity(cast("Deliveries", None), CelExpressions())
    payload = Payload(metadata={"encoding": b"json/plain"}, data=b'{"version": 2}')
    environment = ActivityEnvironment()
    environment.payload_converter = SharedPydanticConverter()
    with pytest.raises(ApplicationError) as failed:
        await environment.run(run_step, [RawValue(payload)])
    assert failed.value.type == "Retryable"
    assert not failed.value.non_retryable
    (info,) = failed.value.details
    assert isinstance(info, ErrorInfo)
    assert info.code == "contract_version"
    assert "version 2" in info.message


@pytest.mark.parametrize("case", files("valid", "Declared"))
def test_declarations_are_read(case: dict[str, Any]) -> None:
    declared = read_declared(json.dumps(case["message"]))
    assert declared.model_dump(mode="json") == case.get("means", case["message"])


@pytest.mark.parametrize("case", files("invalid", "Declared"))
def test_declarations_are_refused_by_name(case: dict[str, Any]) -> None:
    with pytest.raises(SetupError) as refused:
        read_declared(json.dumps(case["message"]))
    assert refused.value.code == case["code"]
    assert refused.value.hint
    if case["code"] == "bad_declaration":
        assert case["field"] in [issue.field for issue in refused.value.issues]


@pytest.mark.parametrize("text", ["", "{", "not JSON", "\ud800".encode(errors="surrogatepass")])
def test_what_is_not_json_is_refused_by_name(text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(Retryable, match="not JSON") as refused:
        read_invocation(data)
    assert refused.value.code == "bad_invocation"
    with pytest.raises(SetupError, match="not JSON") as unread:
        read_declared(data)
    assert unread.value.code == "bad_declaration"


class TestWorkerApi:
    """The worker API reads the requests, and answers what the schemas say."""

    @pytest.fixture
    async def http(self, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
        state = await open_state("sqlite", tmp_path / "state.db")
        journal = await open_journal("memory")
        app = application(state, journal)
        for router in (_streams(), calls_worker_api(calls=_Told, verify=verify)):
            app.include_router(router, prefix="/_wistro/worker/v1")
        headers = {"authorization": f"Bearer {mint()}"}
        async with (
            serving(app) as address,
            client(base_url=address, headers=headers) as http,
        ):
            yield http
        await state.close()
        await journal.close()

    @pytest.mark.parametrize("case", files("valid", *API))
    async def test_a_request(self, case: dict[str, Any], http: httpx.AsyncClient) -> None:
        answer = await http.post(_address(case), json=_with_token(case["message"]))
        assert answer.status_code == 200, answer.text
        schema(f"{case['of']}Answer").validate(answer.json())

    @pytest.mark.parametrize("case", files("invalid", *API))
    async def test_a_bad_request(self, case: dict[str, Any], http: httpx.AsyncClient) -> None:
        answer = await http.post(_address(case), json=_with_token(case["message"]))
        assert answer.status_code == 422
        schema("worker_api/ApiError").validate(answer.json())
        error = answer.json()["error"]
        assert error["code"] == case["code"]
        assert case["field"] in [detail["field"] for detail in error["details"]]


def _streams() -> APIRouter:
    chat = StreamDescriptor(name=STREAM, path="chat.stream.py", item=SCHEMA, hash="1")
    lock = Lock(project="shop", build="1", streams={STREAM: chat})
    return streams_worker_api(served=Served(MemoryStreams(), lambda: lock, KEYS), verify=verify)


class _Told:
    """Calls whose answers are there at once."""

    def __init__(self, run: RunClaims) -> None:
        _ = run

    async def call(self, call: FlowCall, *, wait: timedelta) -> FlowCalled:
        return await self.fetch(call.flow, "1" * 32, wait=wait)

    async def fetch(self, flow: str, call_id: str, *, wait: timedelta) -> FlowCalled:
        _ = wait
        return FlowCalled(flow=flow, call_id=call_id, answer=CallAnswer(status="answered"))


def _address(case: dict[str, Any]) -> str:
    return f"/_wistro/worker/v1/{API[case['of']]}"


def _with_token(body: dict[str, Any]) -> dict[str, Any]:
    """The golden requests show what a token looks like; the API wants a genuine one."""
    batches = [
        batch | {"token": mint()} if "token" in batch else batch
        for batch in body.get("batches", ())
    ]
    return body | ({"batches": batches} if "batches" in body else {})
