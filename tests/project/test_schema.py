"""The published JSON Schemas are those of the code, and accept what the code accepts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.apps.writing import REFUNDS
from tests.project.writing import FIXTURES
from wistro.project.lock import LOCK_FILE
from wistro.project.schema import schemas, write_schemas

PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.parametrize("name", schemas())
def test_published_schemas_are_current(name: str, tmp_path: Path) -> None:
    """hint: `python -m wistro.project.schema docs/schemas` writes them."""
    write_schemas(tmp_path)
    assert (PUBLISHED / name).read_text("utf-8") == (tmp_path / name).read_text("utf-8")


def validator(name: str) -> Any:
    return jsonschema_rs.validator_for(json.loads((PUBLISHED / name).read_text("utf-8")))


def test_settings_fit() -> None:
    settings = yaml.safe_load((FIXTURES / "shop/wistro.yml").read_text())
    check = validator("wistro.schema.json")
    check.validate(settings)
    check.validate({})
    for wrong in ({"flos": {}}, {"project": "My Shop"}, {"limits": {"deliveries": 0}}):
        assert not check.is_valid(wrong)


def test_settings_of_an_app_fit() -> None:
    check = validator("app.schema.json")
    check.validate(yaml.safe_load(REFUNDS["wistro.yml"]))
    check.validate({"flows": {"decide": None}})
    for wrong in ({"project": "shop"}, {"app": "My App"}, {"state": {}}):
        assert not check.is_valid(wrong)


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.iterdir()))
def test_locks_fit(name: str) -> None:
    lock = yaml.safe_load((FIXTURES / name / LOCK_FILE).read_text())
    validator("lock.schema.json").validate(lock)
