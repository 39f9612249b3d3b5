"""The OpenAPI 3.1 document of a project's endpoints, made from its lock."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from wistro_triggers.answers import Accepted
from wistro_triggers.paths import PathTemplate
from wistro_triggers.problems import ErrorAnswer

if TYPE_CHECKING:
    from wistro.policies import Signature
    from wistro.project.descriptor import ApiDescriptor, Descriptor
    from wistro.project.lock import Lock

Json = dict[str, object]

_DEFS = "#/$defs/"
_COMPONENTS = "#/components/schemas/"
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})


def project_openapi(lock: Lock) -> Json:
    """The document that describes the API steps of a lock."""
    schemas = _Schemas()
    paths: dict[str, Json] = {}
    flows: set[str] = set()
    security: Json = {}
    for step in lock.steps.values():
        if step.api is None:
            continue
        template = PathTemplate.parse(step.api.path)
        operation = _operation(step, step.api, template, schemas)
        if step.api.signature is not None:
            operation["security"] = [{f"{step.id} signature": []}]
            security[f"{step.id} signature"] = _security(step.api.signature)
        paths.setdefault(str(template), {})[step.api.method.lower()] = operation
        flows.update(step.flows)
    tags: list[Json] = [
        {"name": flow, "description": lock.flows[flow].description or lock.flows[flow].name}
        for flow in sorted(flows)
    ]
    components: Json = {"schemas": schemas.found}
    if security:
        components["securitySchemes"] = security
    return {
        "openapi": "3.1.0",
        "info": {"title": lock.project, "version": lock.build},
        "tags": tags,
        "paths": dict(sorted(paths.items())),
        "components": components,
    }


def _operation(
    step: Descriptor, api: ApiDescriptor, template: PathTemplate, schemas: _Schemas
) -> Json:
    operation: Json = {
        "operationId": step.id,
        "summary": step.name,
        "tags": list(step.flows),
        "parameters": _parameters(api, template),
        "responses": _responses(api, schemas),
    }
    if step.description:
        operation["description"] = step.description
    if api.body is not None:
        content = {"application/json": {"schema": schemas.add(api.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    elif api.method not in _BODILESS:
        operation["requestBody"] = {"required": False, "content": {"*/*": {"schema": {}}}}
    return operation


def _parameters(api: ApiDescriptor, template: PathTemplate) -> list[Json]:
    text: Json = {"type": "string"}
    in_path: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": text}
        for name in template.parameters
    ]
    in_query: list[Json] = [
        {"name": param.name, "in": "query", "description": param.description, "schema": text}
        for param in api.query_params
    ]
    in_header: list[Json] = [
        {"name": name, "in": "header", "description": description, "schema": text}
        for name, description in (
            ("Idempotency-Key", "A second request with it gets the first one's run and answer."),
            (
                "Prefer",
                "`respond-async` answers 202 at once; `wait=10` waits at most so many seconds.",
            ),
            ("Wistro-Delay", "Start the run after this time: seconds, `10m` or `PT10M`."),
            ("Wistro-At", "Start the run at this moment, as in `2030-01-31T09:00:00Z`."),
        )
    ]
    return in_path + in_query + in_header


def _responses(api: ApiDescriptor, schemas: _Schemas) -> Json:
    responses: Json = {}
    for status, schema in sorted(api.responses.items()):
        response: Json = {"description": _phrase(status)}
        if schema:
            response["content"] = {"application/json": {"schema": schemas.add(schema)}}
        responses[str(status)] = response
    if not responses and api.mode == "wait":
        responses["200"] = {
            "description": "What the step returns.",
            "content": {"*/*": {"schema": {}}},
        }
    responses.setdefault(
        "202",
        {
            "description": "The run was accepted and goes on.",
            "content": {"application/json": {"schema": schemas.add(Accepted.model_json_schema())}},
        },
    )
    error = schemas.add(ErrorAnswer.model_json_schema())
    responses["default"] = {
        "description": "What went wrong.",
        "content": {"application/json": {"schema": error}},
    }
    return responses


def _security(signature: Signature) -> Json:
    header = "X-Hub-Signature-256" if signature.scheme == "github" else signature.header
    return {
        "type": "apiKey",
        "in": "header",
        "name": header,
        "description": "An HMAC of the raw body with the secret that sender and endpoint share.",
    }


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


class _Schemas:
    """The component schemas: definitions are lifted out of the schemas that hold them.

    References are relative to the whole document, so `#/$defs/…` inside of it would point nowhere.
    """

    def __init__(self) -> None:
        self.found: dict[str, object] = {}
        self._given: dict[str, object] = {}
        """The schemas as they came, to know the same one again."""

    def add(self, schema: Mapping[str, object]) -> Json:
        """The schema as it stands in the document; an object with a title becomes a component."""
        body = dict(schema)
        definitions = cast("Mapping[str, object]", body.pop("$defs", {}))
        names = {name: self._name(name, definition) for name, definition in definitions.items()}
        for name, definition in definitions.items():
            self.found[names[name]] = _renamed(definition, names)
        lifted = cast("Json", _renamed(body, names))
        title = body.get("title")
        if not isinstance(title, str) or body.get("type") != "object":
            return lifted
        name = self._name(title, body)
        self.found[name] = lifted
        return {"$ref": _COMPONENTS + name}

    def _name(self, wished: str, schema: object) -> str:
        """`wished`, with a number when another schema has that name already."""
        clean = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in wished)
        name, number = clean, 2
        while self._given.setdefault(name, schema) != schema:
            name, number = f"{clean}_{number}", number + 1
        return name


def _renamed(value: object, names: Mapping[str, str]) -> object:
    """A copy of a schema whose references to definitions point to components."""
    if isinstance(value, list):
        return [_renamed(item, names) for item in cast("list[object]", value)]
    if not isinstance(value, Mapping):
        return value
    renamed: Json = {}
    for key, item in cast("Mapping[str, object]", value).items():
        if key == "$ref" and isinstance(item, str) and item.startswith(_DEFS):
            name = item.removeprefix(_DEFS)
            renamed[key] = _COMPONENTS + names.get(name, name)
        else:
            renamed[key] = _renamed(item, names)
    return renamed
