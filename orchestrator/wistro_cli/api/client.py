"""Requests to the management API, and its errors as ours."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self, cast

import httpx
import typer

from wistro.errors import RunError, SetupError, WistroError
from wistro_cli.address import API_VARIABLE, read_address
from wistro_cli.folder import RUNTIME, project_folder

TOKEN_VARIABLE = "WISTRO_TOKEN"  # noqa: S105 - the name of the variable
PREFIX = "/_wistro"
CALLS = "/call"

_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_CALL_TIMEOUT = httpx.Timeout(330.0, connect=5.0)
"""A caller may wait for five minutes."""

Query = Mapping[str, str | int | float | None]


class Api:
    """A project's management API."""

    def __init__(self, url: str, token: str, *, running: str) -> None:
        """Use the API at `url`; `running` is the hint for when nobody answers there."""
        self.url = url.rstrip("/")
        self._running = running
        headers = {"authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, query: Query | None = None) -> object:
        """Read something below `/_wistro/api`.

        Raises:
            WistroError: the API refuses, or nobody answers.
        """
        return self._call("GET", f"/api{path}", query=query)

    def post(self, path: str, body: object = None) -> object:
        """Do something below `/_wistro/api`."""
        return self._call("POST", f"/api{path}", body={} if body is None else body)

    def put(self, path: str, body: object, query: Query | None = None) -> object:
        """Write something below `/_wistro/api`."""
        return self._call("PUT", f"/api{path}", query=query, body=body)

    def delete(self, path: str, query: Query | None = None) -> object:
        """Remove something below `/_wistro/api`."""
        return self._call("DELETE", f"/api{path}", query=query)

    def publish(self, topic: str, message: object, headers: Mapping[str, str]) -> object:
        """Emit a message on a topic."""
        return self._call("POST", f"/topics/{quote(topic)}", body=message, headers=headers)

    def call(self, flow: str, body: object, headers: Mapping[str, str]) -> object:
        """Call a flow as the body says, and wait for its answer as the headers say."""
        return self._call(
            "POST",
            f"/{quote(flow)}",
            body=body,
            headers=headers,
            prefix=CALLS,
            timeout=_CALL_TIMEOUT,
        )

    def fetch_call(self, flow: str, call_id: str, *, wait: float) -> object:
        """The answer of an earlier call."""
        path = f"/{quote(flow)}/{quote(call_id)}"
        return self._call("GET", path, query={"wait": wait}, prefix=CALLS, timeout=_CALL_TIMEOUT)

    @contextmanager
    def stream(self, query: Query) -> Generator[httpx.Response]:
        """Follow `/live`: an open answer of server-sent events."""
        with self._answers():
            request = self._client.stream(
                "GET", f"{PREFIX}/api/live", params=_given(query), timeout=None
            )
            with request as response:
                if response.is_error:
                    response.read()
                    raise _refusal(response)
                yield response

    @contextmanager
    def post_lines(self, path: str, body: object) -> Generator[Iterator[str]]:
        """Do something below `/_wistro/api` that tells line by line how it goes."""
        with self._answers():
            request = self._client.stream("POST", f"{PREFIX}/api{path}", json=body, timeout=None)
            with request as response:
                if response.is_error:
                    response.read()
                    raise _refusal(response)
                yield response.iter_lines()

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        prefix: str = PREFIX,
        timeout: httpx.Timeout = _TIMEOUT,
    ) -> object:
        content = (
            None if method in ("GET", "DELETE") else json.dumps(body, ensure_ascii=False).encode()
        )
        with self._answers():
            response = self._client.request(
                method,
                f"{prefix}{path}",
                params=_given(query or {}),
                content=content,
                headers={"content-type": "application/json", **(headers or {})},
                timeout=timeout,
            )
        if response.is_error:
            raise _refusal(response)
        return cast("object", response.json()) if response.content else None

    @contextmanager
    def _answers(self) -> Generator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            problem = str(error) or type(error).__name__
            raise SetupError(
                f"Wistro does not answer at `{self.url}`: {problem}",
                code="not_running",
                hint=self._running,
            ) from error
        except httpx.InvalidURL as error:
            raise SetupError(
                f"`{self.url}` is not an address: {error}",
                code="bad_address",
                hint=f"set {API_VARIABLE} to the triggers' URL, such as `http://localhost:3000`",
            ) from error


def connect(context: typer.Context) -> Api:
    """The API of the project at hand; `WISTRO_API` and `WISTRO_TOKEN` lead to any other.

    Raises:
        SetupError: it is not known where the API is, or no token is at hand.
    """
    url, token = os.environ.get(API_VARIABLE), os.environ.get(TOKEN_VARIABLE)
    if url and token:
        return Api(url, token, running=f"correct {API_VARIABLE}, or start the project there")
    root = project_folder(context)
    token = token or _token(root)
    if url:
        return Api(url, token, running=f"correct {API_VARIABLE}, or start the project there")
    address = read_address(root)
    if address is None:
        raise SetupError(
            f"the project in `{root}` is not running",
            code="not_running",
            hint=f"run `wistro dev` there, or set {API_VARIABLE} and {TOKEN_VARIABLE}",
        )
    return Api(address.url, token, running="run `wistro dev`: it is not running any more")


def quote(part: str) -> str:
    """Text as one part of a path."""
    from urllib.parse import quote as percent

    return percent(part, safe="")


def _token(root: Path) -> str:
    path = root / RUNTIME / "token"
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise SetupError(
            f"there is no management token in `{path}`",
            code="no_token",
            hint=f"run `wistro dev`, which makes one, or set {TOKEN_VARIABLE}",
        ) from None


def _given(query: Query) -> dict[str, str | int | float]:
    return {name: value for name, value in query.items() if value is not None}


def _refusal(response: httpx.Response) -> WistroError:
    """The error that an answer stands for; its text has the hint at its end."""
    try:
        error = cast("dict[str, object]", response.json()["error"])
        text, code = str(error["message"]), str(error["code"])
    except (ValueError, KeyError, TypeError):
        return SetupError(
            f"`{response.url}` answered {response.status_code} {response.reason_phrase}, and nothing "
            "that Wistro would say",
            code="not_wistro",
            hint=f"is {API_VARIABLE} the address of a Wistro project?",
        )
    message, _, hint = text.partition(" hint: ")
    details = cast("list[dict[str, object]]", error.get("details") or [])
    lines = [f"  {detail.get('field')}: {detail.get('message')}" for detail in details]
    if code == "unauthorized":
        hint = f"set {TOKEN_VARIABLE} to the project's management token (`.wistro/token`)"
    return RunError("\n".join([message, *lines]), code=code, hint=hint or None)
