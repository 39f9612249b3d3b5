"""The worker API as any worker sees it: tokens, bounds, and errors of one shape."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.stores.serving import RUN, application, client, mint, serving
from wistro.stores import Journal, StateStore, open_journal, open_state
from wistro_triggers.edge import Edge
from wistro_triggers.worker_api import MAX_JOURNAL_BODY, MAX_STATE_BODY

STATE = "/_wistro/worker/v1/state"
JOURNAL = "/_wistro/worker/v1/journal"
LARGEST = 8 * 1024 * 1024


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[StateStore]:
    state = await open_state("sqlite", tmp_path / "state.db")
    yield state
    await state.close()


@pytest.fixture
async def journal() -> AsyncIterator[Journal]:
    journal = await open_journal("memory")
    yield journal
    await journal.close()


@pytest.fixture
async def http(state: StateStore, journal: Journal) -> AsyncIterator[httpx.AsyncClient]:
    app = Edge(application(state, journal), max_body_bytes=LARGEST)
    headers = {"authorization": f"Bearer {mint()}"}
    async with serving(app) as address, client(base_url=address, headers=headers) as http:
        yield http


def refusal(answer: httpx.Response, status: int, code: str) -> dict[str, str]:
    """The error of an answer, which has the one shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["error"]
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "details", "correlation_id"}
    assert error["code"] == code
    assert error["correlation_id"] == answer.headers["x-request-id"]
    return error


class TestState:
    async def test_operations(self, http: httpx.AsyncClient) -> None:
        async def call(operation: str, **body: object) -> dict[str, object]:
            answer = await http.post(f"{STATE}/{operation}", json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()

        entry = {"group": "carts", "key": "a/b", "value": {"é": [1, None]}, "version": 1}
        written = await call("set", group="carts", key="a/b", value=entry["value"])
        assert isinstance(written["entry"], dict)
        assert written["entry"].pop("updated_at") == pytest.approx(time.time(), abs=10)
        assert written == {"entry": entry}
        read = await call("get", group="carts", key="a/b")
        assert isinstance(read["entry"], dict)
        assert read["entry"]["value"] == entry["value"]
        assert await call("get", group="carts", key="none") == {"entry": None}
        assert await call("increment", group="carts", key="n") == {"value": 1}
        assert await call("increment", group="carts", key="n", by=1.5) == {"value": 2.5}
        done = await call("compare_and_set", group="carts", key="n", expected=2.5, value=3)
        assert done == {"done": True}
        page = await call("list", group="carts", limit=1)
        assert page["next"] == "a/b"
        rest = await call("list", group="carts", after="a/b")
        assert isinstance(rest["items"], list)
        assert [item["key"] for item in rest["items"]] == ["n"]
        assert rest["next"] is None
        assert await call("groups") == {"items": ["carts"], "next": None}
        assert await call("delete", group="carts", key="n") == {"deleted": True}
        assert await call("clear", group="carts") == {"removed": 1}

    @pytest.mark.parametrize(
        ("header", "code"),
        [
            ({}, "token_missing"),
            ({"authorization": "Bearer"}, "token_missing"),
            ({"authorization": f"Basic {mint()}"}, "token_missing"),
            ({"authorization": "Bearer nonsense"}, "token_malformed"),
            ({"authorization": f"Bearer {mint()[:-4]}AAAA"}, "token_invalid"),
            ({"authorization": f"Bearer {mint(seconds=-1)}"}, "token_expired"),
        ],
    )
    async def test_needs_a_genuine_token(
        self, http: httpx.AsyncClient, header: dict[str, str], code: str
    ) -> None:
        del http.headers["authorization"]
        for path in ("get", "no such operation"):
            answer = await http.post(f"{STATE}/{path}", headers=header, content=b"whatever")
            error = refusal(answer, 401, code)
            assert "hint:" in error["message"]
            assert answer.headers["www-authenticate"].startswith("Bearer")

    async def test_refuses_an_operation_that_does_not_exist(self, http: httpx.AsyncClient) -> None:
        error = refusal(await http.post(f"{STATE}/drop", json={}), 404, "unknown_operation")
        assert "`compare_and_set`" in error["message"]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            (b"", ""),
            (b"{", ""),
            (b"[]", ""),
            (b'{"group": "g"}', "key"),
            (b'{"group": "g", "key": 7, "value": 1}', "key"),
            (b'{"group": "g", "key": "k"}', "value"),
            (b'{"group": "g", "key": "k", "value": 1, "ttl": 5}', "ttl"),
            (b'{"group": "g", "key": "k", "value": 1, "if_version": "1"}', "if_version"),
            (b'{"group": "g", "key": "\\ud800", "value": 1}', ""),
            (b"\xff\xfe", ""),
        ],
    )
    async def test_refuses_another_body(
        self, http: httpx.AsyncClient, body: bytes, field: str
    ) -> None:
        error = refusal(await http.post(f"{STATE}/set", content=body), 422, "invalid_body")
        assert field in [detail["field"] for detail in error["details"]]

    @pytest.mark.parametrize(
        ("operation", "body", "status", "code"),
        [
            ("get", {"group": "", "key": "k"}, 422, "name_invalid"),
            ("get", {"group": "g", "key": "k" * 513}, 422, "name_invalid"),
            ("list", {"group": "g", "limit": 1001}, 422, "page_invalid"),
            ("set", {"group": "g", "key": "k", "value": "x" * 2**20}, 413, "value_too_large"),
            ("set", {"group": "g", "key": "k", "value": 1, "if_version": 9}, 409, "state_conflict"),
            ("increment", {"group": "g", "key": "k", "by": "1"}, 422, "value_not_a_number"),
            ("increment", {"group": "g", "key": "k", "by": True}, 422, "value_not_a_number"),
        ],
    )
    async def test_what_the_store_refuses(
        self,
        http: httpx.AsyncClient,
        operation: str,
        body: dict[str, object],
        status: int,
        code: str,
    ) -> None:
        error = refusal(await http.post(f"{STATE}/{operation}", json=body), status, code)
        assert " hint: " in error["message"]

    async def test_what_is_not_a_finite_number(self, http: httpx.AsyncClient) -> None:
        for value in (b"NaN", b"Infinity", b"1e999", b"[-Infinity]"):
            body = b'{"group": "g", "key": "k", "value": ' + value + b"}"
            answer = await http.post(f"{STATE}/set", content=body)
            assert answer.status_code == 422, answer.text

    async def test_refuses_what_is_too_large_to_read(self, http: httpx.AsyncClient) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(MAX_STATE_BODY // 65_536 + 2):
                yield b" " * 65_536

        for content in (b" " * (MAX_STATE_BODY + 1), chunks()):
            answer = await http.post(f"{STATE}/set", content=content)
            assert "4,194,304" in refusal(answer, 413, "body_too_large")["message"]

    async def test_a_store_that_is_away(self, http: httpx.AsyncClient, state: StateStore) -> None:
        await state.close()
        answer = await http.post(f"{STATE}/get", json={"group": "g", "key": "k"})
        refusal(answer, 503, "store_closed")
        assert answer.headers["retry-after"] == "1"

    async def test_is_no_part_of_the_documented_api(
        self, state: StateStore, journal: Journal
    ) -> None:
        assert application(state, journal).openapi()["paths"] == {}


def batch(token: str, *entries: dict[str, object]) -> dict[str, object]:
    return {"token": token, "entries": [{"kind": "log", "at": 1.5, **entry} for entry in entries]}


class TestJournal:
    async def test_flow_and_run_come_from_the_token(
        self, http: httpx.AsyncClient, journal: Journal
    ) -> None:
        entry = {
            "kind": "delivery.failed",
            "delivery_id": "d1",
            "step": "charge",
            "attempt": 2,
            "level": "error",
            "message": "Declined",
            "fields": {"code": 7},
        }
        batches = [batch(mint("orders", "run 1"), entry, {}), batch(mint("returns", "run 2"), {})]
        answer = await http.post(JOURNAL, json={"batches": batches})
        assert answer.json() == {"accepted": 3, "refused": []}
        first, second, third = await journal.read()
        for name, value in entry.items():
            assert getattr(first, name) == value
        assert (first.project, first.flow, first.run_id, first.at) == (
            "shop",
            "orders",
            "run 1",
            1.5,
        )
        assert (second.run_id, third.run_id, third.flow) == ("run 1", "run 2", "returns")

    async def test_refuses_entries_of_another_run(
        self, http: httpx.AsyncClient, journal: Journal
    ) -> None:
        for entry in ({"run_id": "another"}, {"flow": "another"}):
            answer = await http.post(JOURNAL, json={"batches": [batch(mint(), entry)]})
            assert RUN in refusal(answer, 403, "other_run")["message"]
        own = batch(mint(), {"run_id": RUN, "flow": "orders"})
        other = batch(mint(), {"run_id": "another"}, {})
        answer = await http.post(JOURNAL, json={"batches": [other, own]})
        assert answer.status_code == 200
        assert answer.json()["accepted"] == 1
        (refused,) = answer.json()["refused"]
        assert (refused["entries"], refused["code"]) == (2, "other_run")
        assert len(await journal.read()) == 1

    async def test_needs_a_genuine_token(self, http: httpx.AsyncClient, journal: Journal) -> None:
        for token, code in (("x", "token_malformed"), (mint(seconds=-1), "token_expired")):
            answer = await http.post(JOURNAL, json={"batches": [batch(token, {})]})
            refusal(answer, 401, code)
        assert await journal.read() == []

    async def test_bounds(self, http: httpx.AsyncClient, journal: Journal) -> None:
        many = {"batches": [batch(mint(), *([{}] * 501)), batch(mint(), *([{}] * 500))]}
        refusal(await http.post(JOURNAL, json=many), 413, "too_many_entries")
        empty = {"batches": [{"token": "x", "entries": []}] * 1001}
        refusal(await http.post(JOURNAL, json=empty), 413, "too_many_entries")
        large = {"batches": [batch(mint(), {"message": "x" * MAX_JOURNAL_BODY})]}
        refusal(await http.post(JOURNAL, json=large), 413, "body_too_large")
        assert await journal.read() == []
        assert (await http.post(JOURNAL, json={"batches": []})).json() == {
            "accepted": 0,
            "refused": [],
        }

    @pytest.mark.parametrize(
        "entry",
        [
            {"kind": ""},
            {"kind": "x" * 65},
            {"at": "now"},
            {"level": "fatal"},
            {"attempt": -1},
            {"attempt": 2**63},
            {"fields": []},
            {"project": "another"},
            {"seq": 1},
        ],
    )
    async def test_refuses_an_entry_of_another_shape(
        self, http: httpx.AsyncClient, entry: dict[str, object]
    ) -> None:
        answer = await http.post(JOURNAL, json={"batches": [batch(mint(), entry)]})
        (detail,) = refusal(answer, 422, "invalid_body")["details"]
        assert detail["field"] == f"batches.0.entries.0.{next(iter(entry))}"

    async def test_a_time_that_is_no_number(self, http: httpx.AsyncClient) -> None:
        text = json.dumps({"batches": [batch(mint(), {"at": float("nan")})]})
        refusal(await http.post(JOURNAL, content=text), 422, "invalid_body")
