"""The manifest: what of the lock a worker of another language is told."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from tests.project.writing import FIXTURES
from wistro.project.descriptor import StreamDescriptor
from wistro.project.lock import LOCK_FILE, Lock, load_lock
from wistro.project.manifest import Manifest, ManifestQueue, ManifestStream, worker_manifest
from wistro.project.settings import StorageSettings

SHOP = load_lock(FIXTURES / "shop" / LOCK_FILE)
SCHEMA = Path(__file__).parents[2] / "workers" / "contract" / "schemas" / "Manifest.json"
ORDER = {"type": "object", "title": "Order"}


@pytest.fixture(name="lock")
def translated() -> Lock:
    """The shop, with all but one of its steps in another language."""
    steps = {
        id: step.model_copy(update={"language": "go" if id == "ship" else "node"})
        for id, step in SHOP.steps.items()
    }
    chat = StreamDescriptor(name="chat", path="steps/chat.stream.ts", language="node", hash="1")
    return SHOP.model_copy(update={"steps": steps, "streams": {"chat": chat}})


def test_it_has_the_steps_of_its_language_without_noops(lock: Lock, tmp_path: Path) -> None:
    node = worker_manifest(lock, "node", root=tmp_path)
    assert list(node.steps) == [id for id in SHOP.steps if id not in {"ship", "review"}]
    assert list(worker_manifest(lock, "go", root=tmp_path).steps) == ["ship"]
    assert worker_manifest(SHOP, "go", root=tmp_path).steps == {}


def test_a_step_with_limits_has_a_queue_of_its_own(lock: Lock, tmp_path: Path) -> None:
    assert worker_manifest(lock, "node", root=tmp_path).queues == (
        ManifestQueue(name="shop.steps.node", concurrency=100),
        ManifestQueue(name="shop.steps.charge_card", concurrency=2, per_second=10),
    )
    go = worker_manifest(lock, "go", root=tmp_path)
    assert [queue.name for queue in go.queues] == ["shop.steps.go"]


def test_messages_are_checked_by_the_step_else_by_the_topic(lock: Lock, tmp_path: Path) -> None:
    steps = worker_manifest(lock, "node", root=tmp_path).steps
    charge = steps["charge_card"]
    assert charge.receives == {"order.placed": SHOP.steps["charge_card"].input}
    assert charge.emits["payment.taken"] == SHOP.topics["payment.taken"].message
    assert charge.terminal == ("ValueError",)
    assert charge.timeout == 60.0

    topics = {**lock.topics}
    topics["order.placed"] = topics["order.placed"].model_copy(update={"message": ORDER})
    bare = lock.steps["charge_card"].model_copy(update={"input": None})
    changed = lock.model_copy(
        update={"topics": topics, "steps": {**lock.steps, "charge_card": bare}}
    )
    charge = worker_manifest(changed, "node", root=tmp_path).steps["charge_card"]
    assert charge.receives == {"order.placed": ORDER}
    assert charge.input is None


def test_an_api_step_has_its_body_and_its_responses(lock: Lock, tmp_path: Path) -> None:
    api = SHOP.steps["place_order"].api
    assert api is not None
    step = worker_manifest(lock, "node", root=tmp_path).steps["place_order"]
    assert step.body == api.body
    assert step.responses == {str(status): schema for status, schema in api.responses.items()}
    assert step.receives == {}


def test_places_are_absolute_and_streams_are_told(lock: Lock, tmp_path: Path) -> None:
    storage = StorageSettings(path="/elsewhere")
    lock = lock.model_copy(update={"runtime": lock.runtime.model_copy(update={"storage": storage})})
    manifest = worker_manifest(lock, "node", root=tmp_path)
    assert manifest.root == str(tmp_path)
    assert manifest.storage.path == "/elsewhere"
    assert manifest.key_file == str(tmp_path / ".wistro" / "keys.json")
    assert manifest.streams == {
        "chat": ManifestStream(path="steps/chat.stream.ts", language="node")
    }


def test_the_file_fits_its_schema_and_can_be_read_back(lock: Lock, tmp_path: Path) -> None:
    manifest = worker_manifest(lock, "node", root=tmp_path)
    text = manifest.text()
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(json.loads(text))
    assert Manifest.model_validate_json(text) == manifest
    assert json.loads(text)["streams"]["chat"]["schema"] is None
