"""Golden messages about projects: what discoverers print, and what workers are told to serve."""

from __future__ import annotations

from collections.abc import Mapping

from tests.worker.golden.making import Invalid, Json, Valid, broken, plain
from wistro.project.declared import Declared
from wistro.project.manifest import Manifest

ORDER: Json = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "total": {"type": "number"}},
    "required": ["id", "total"],
}
DECLARED: Json = {
    "version": 1,
    "language": "node",
    "steps": [
        {
            "path": "steps/charge.step.ts",
            "config": {
                "type": "event",
                "name": "Charge the customer's card",
                "flows": ["orders"],
                "subscribes": ["order.placed"],
                "emits": [{"topic": "payment.taken", "label": "paid", "conditional": True}],
                "input": ORDER,
                "infrastructure": {"queue": {"maxRetries": 5}},
            },
            "has_handler": True,
            "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "line": 7,
        },
        {
            "path": "steps/place-order.step.ts",
            "config": {
                "type": "api",
                "name": "Place an order",
                "path": "/orders/:shop",
                "method": "POST",
                "emits": ["order.placed"],
                "bodySchema": ORDER,
                "responseSchema": {"201": ORDER},
            },
            "has_handler": True,
            "hash": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
            "line": None,
        },
        {
            "path": "steps/parcel_arrives.step.js",
            "config": {
                "type": "noop",
                "name": "The parcel arrives",
                "virtualSubscribes": ["order.shipped"],
                "virtualEmits": [],
            },
            "has_handler": False,
            "hash": "fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13",
            "line": None,
        },
    ],
    "streams": [
        {
            "path": "steps/chat.stream.ts",
            "config": {
                "name": "chat",
                "schema": {"type": "object", "properties": {"text": {"type": "string"}}},
                "baseConfig": {"storageType": "default"},
            },
            "has_access": True,
            "hash": "a4e624d686e03ed2767c0abd85c14426b0b1157d2ce81d27bb4fe4f6f01d688a",
        }
    ],
    "errors": [
        {
            "path": "steps/größe.step.ts",
            "error": "Cannot find module './missing'",
            "hint": "does the file exist?",
            "line": 1,
            "field": None,
        }
    ],
}
MANIFEST: Json = {
    "version": 1,
    "language": "node",
    "project": "shop",
    "build": "4f2a9c",
    "root": "/srv/shop",
    "motia": False,
    "queues": [
        {"name": "shop.steps.node", "concurrency": 100, "per_second": None},
        {"name": "shop.steps.charge", "concurrency": 4, "per_second": 2.5},
    ],
    "steps": {
        "charge": {
            "path": "steps/charge.step.ts",
            "kind": "event",
            "name": "Charge the customer's card",
            "flows": ["orders"],
            "receives": {"order.placed": ORDER, "order.changed": None},
            "input": None,
            "emits": {"payment.taken": ORDER, "payment.refused": None},
            "body": None,
            "responses": {},
            "output": None,
            "terminal": ["CardDeclined"],
            "timeout": 900.0,
        },
        "place-order": {
            "path": "steps/place-order.step.ts",
            "kind": "api",
            "name": "Place an order",
            "flows": ["orders"],
            "receives": {},
            "input": None,
            "emits": {"order.placed": ORDER},
            "body": ORDER,
            "responses": {"201": ORDER, "404": {}},
            "output": None,
            "terminal": [],
            "timeout": 30.0,
        },
    },
    "streams": {
        "chat": {
            "path": "steps/chat.stream.ts",
            "language": "node",
            "schema": {"type": "object"},
            "has_access": True,
        },
        "presence": {
            "path": "steps/presence_stream.py",
            "language": "python",
            "schema": None,
            "has_access": False,
        },
    },
    "answers": {"orders": ORDER},
    "message_size": 16777216,
    "storage": {"path": "/srv/shop/.wistro/blobs", "threshold": 262144},
    "key_file": "/srv/shop/.wistro/keys.json",
    "drain": 30.0,
}
_NOTHING = Manifest.model_validate(MANIFEST).model_copy(
    update={"steps": {}, "streams": {}, "answers": {}}
)
_BARE_STEP: Json = {
    "path": "steps/it.step.go",
    "kind": "cron",
    "name": "It",
    "timeout": 0,
}

VALID: Mapping[str, Valid] = {
    "declared": Valid(of="Declared", message=DECLARED),
    "declared_nothing": Valid(
        of="Declared",
        message={"version": 1, "language": "go"},
        means=plain(Declared(version=1, language="go")),
    ),
    "manifest": Valid(of="Manifest", message=MANIFEST),
    "manifest_minimal": Valid(
        of="Manifest",
        note="members that are absent have their defaults",
        message=broken(broken(broken(MANIFEST, "streams"), "motia"), "answers")
        | {"queues": [{"name": "shop.steps.go", "concurrency": 1}], "steps": {"it": _BARE_STEP}},
        means=plain(_NOTHING)
        | {
            "queues": [{"name": "shop.steps.go", "concurrency": 1, "per_second": None}],
            "steps": {
                "it": {
                    "path": "steps/it.step.go",
                    "kind": "cron",
                    "name": "It",
                    "flows": [],
                    "receives": {},
                    "input": None,
                    "emits": {},
                    "body": None,
                    "responses": {},
                    "output": None,
                    "terminal": [],
                    "timeout": 0.0,
                }
            },
        },
    ),
    "manifest_unknown_members": Valid(
        of="Manifest",
        note="members of a later release are ignored",
        message=MANIFEST | {"region": "eu", "storage": {**MANIFEST["storage"], "compress": True}},
        means=MANIFEST,
    ),
}


def _declared(field: str, why: str, message: object) -> Invalid:
    return Invalid(of="Declared", code="bad_declaration", field=field, why=why, message=message)


def _manifest(field: str, why: str, message: object) -> Invalid:
    return Invalid(of="Manifest", code="bad_manifest", field=field, why=why, message=message)


def _version(of: str, message: object) -> Invalid:
    why = "the engine and its workers are not of one release"
    return Invalid(of=of, code="contract_version", field="version", why=why, message=message)


INVALID: Mapping[str, Invalid] = {
    "declared_of_a_later_version": _version("Declared", DECLARED | {"version": 2}),
    "declared_of_a_later_version_and_form": _version("Declared", {"version": 2, "steps": "many"}),
    "declared_without_version": _version("Declared", broken(DECLARED, "version")),
    "declared_language": _declared("language", "it is not known", DECLARED | {"language": "cobol"}),
    "declared_step_without_hash": _declared(
        "steps[0].hash", "it is missing", broken(DECLARED, "steps", 0, "hash")
    ),
    "declared_step_without_path": _declared(
        "steps[1].path", "it is empty", broken(DECLARED, "steps", 1, "path", value="")
    ),
    "declared_step_unknown_member": _declared(
        "steps[0].hasHandler",
        "nobody reads it",
        broken(DECLARED, "steps", 0, "hasHandler", value=True),
    ),
    "declared_config_text": _declared(
        "steps[0].config", "it is no object", broken(DECLARED, "steps", 0, "config", value="{}")
    ),
    "declared_stream_without_config": _declared(
        "streams[0].config", "it is missing", broken(DECLARED, "streams", 0, "config")
    ),
    "declared_error_without_text": _declared(
        "errors[0].error", "it is missing", broken(DECLARED, "errors", 0, "error")
    ),
    "manifest_of_a_later_version": _version("Manifest", MANIFEST | {"version": 2}),
    "manifest_of_a_later_version_and_form": _version("Manifest", {"version": 2, "steps": "many"}),
    "manifest_without_version": _version("Manifest", broken(MANIFEST, "version")),
    "manifest_without_queues": _manifest("queues", "it is missing", broken(MANIFEST, "queues")),
    "manifest_queues_empty": _manifest(
        "queues", "a worker without queues has nothing to do", MANIFEST | {"queues": []}
    ),
    "manifest_queue_without_concurrency": _manifest(
        "queues[0].concurrency", "it is missing", broken(MANIFEST, "queues", 0, "concurrency")
    ),
    "manifest_queue_concurrency_zero": _manifest(
        "queues[0].concurrency",
        "nothing would ever run",
        broken(MANIFEST, "queues", 0, "concurrency", value=0),
    ),
    "manifest_step_without_path": _manifest(
        "steps.charge.path", "it is missing", broken(MANIFEST, "steps", "charge", "path")
    ),
    "manifest_step_kind": _manifest(
        "steps.charge.kind",
        "it is none of the kinds",
        broken(MANIFEST, "steps", "charge", "kind", value="moon"),
    ),
    "manifest_answer_text": _manifest(
        "answers.orders", "it is no schema", MANIFEST | {"answers": {"orders": "an order"}}
    ),
    "manifest_storage_text": _manifest(
        "storage", "it is no object", MANIFEST | {"storage": "/srv/shop/.wistro/blobs"}
    ),
}
