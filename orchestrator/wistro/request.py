"""An HTTP request as the handler of an api step sees it, and the response it may return."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, cast

from typing_extensions import TypeVar

from wistro.values import jsonable

BodyT = TypeVar("BodyT", default=Any)


class Headers(dict[str, str]):
    """Header values by name, whatever the case of the name (RFC 9110, 5.1)."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        super().__init__({name.lower(): value for name, value in (values or {}).items()})

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """The value of the header, or `default`."""
        return super().get(name.lower(), default)


class ApiRequest(dict[str, Any], Generic[BodyT]):
    """The request of an api step: attributes for new code, a dict for steps written for Motia.

    `request.path_params["id"]` and `request["pathParams"]["id"]` are the same. Annotate a handler's
    parameter as `ApiRequest[Order]` to get the body as an `Order`.
    """

    body: BodyT
    """The parsed body; `None` when there was none or it is not text."""
    path_params: Mapping[str, str]
    query_params: Mapping[str, Any]
    """A string, or a list of strings for a parameter given several times."""
    headers: Headers
    method: str
    path: str

    @classmethod
    def of(cls, data: object) -> ApiRequest[Any]:
        """The request that the data of an api step's invocation stands for."""
        given: Mapping[str, Any] = (
            cast("Mapping[str, Any]", data) if isinstance(data, Mapping) else {}
        )
        raw = given.get("raw_body")
        return cls(
            body=given.get("body"),
            pathParams=given.get("path_params") or {},
            queryParams=given.get("query_params") or {},
            headers=Headers(given.get("headers")),
            rawBody=base64.b64decode(raw).decode("utf-8", "surrogateescape") if raw else "",
            method=given.get("method") or "",
            path=given.get("path") or "",
        )

    @property
    def raw_body(self) -> bytes:
        """The body as it was sent, for checking signatures; `request["rawBody"]` is its text."""
        return str(self["rawBody"]).encode("utf-8", "surrogateescape")

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            known = ", ".join(f"`{member}`" for member in (*_SNAKE.values(), "body", "headers"))
            raise AttributeError(f"a request has no `{name}`; expected one of {known}") from None

    def __setattr__(self, name: str, value: object) -> None:
        # Middleware may hang things on the request, as an attribute or as a key.
        if name.startswith("__"):
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __getitem__(self, key: str) -> Any:
        if key == "raw_body":
            return self.raw_body
        return super().__getitem__(_CAMEL.get(key, key))

    def __setitem__(self, key: str, value: object) -> None:
        super().__setitem__(_CAMEL.get(key, key), value)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(_CAMEL.get(cast("str", key), key))

    def get(self, key: str, default: Any = None) -> Any:
        """The value under `key` in either spelling, or `default`."""
        try:
            return self[key]
        except KeyError:
            return default


_CAMEL = {"path_params": "pathParams", "query_params": "queryParams", "raw_body": "rawBody"}
_SNAKE = {camel: snake for snake, camel in _CAMEL.items()}


@dataclass(frozen=True)
class Response:
    """What an api step answers, when a plain body is not enough."""

    body: object = None
    """Anything JSON can carry; `bytes` are sent as they are."""
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, returned: object) -> Response:
        """What a handler returned, as a response.

        `{"status": 201, "body": …, "headers": …}` is a response, `None` is 204 without a body, and
        anything else is the body of a 200.
        """
        if isinstance(returned, Response):
            return returned
        if returned is None:
            return cls(status=HTTPStatus.NO_CONTENT)
        if isinstance(returned, dict):
            given = cast("dict[str, Any]", returned)
            # What has a body beside its status is a response, whatever else it has.
            known = "body" in given or given.keys() <= {"status", "headers"}
            if isinstance(given.get("status"), int) and known:
                return cls(given.get("body"), given["status"], given.get("headers") or {})
        return cls(cast("object", returned))

    def output(self) -> dict[str, object]:
        """The wire form: `{"status", "headers", "body"}`, and `"body_encoding": "base64"` for bytes.

        Raises:
            NotJson: when the body has a part that JSON cannot carry.
        """
        form: dict[str, object] = {
            "status": int(self.status),
            "headers": {name: str(value) for name, value in self.headers.items()},
        }
        if isinstance(self.body, bytes):
            return form | {"body": base64.b64encode(self.body).decode(), "body_encoding": "base64"}
        return form | {"body": jsonable(self.body)}


Next = Callable[..., Any]
"""What middleware calls to go on; awaited, it gives what the handler or the next middleware returned."""
