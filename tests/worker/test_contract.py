"""The worker contract: its files are those that the code makes, and they say what they mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from pydantic import TypeAdapter, ValidationError

from tests.worker.generate_contract import FOLDER, MESSAGES, generate, text_of

TYPES = {message.__name__: TypeAdapter[object](message) for message in MESSAGES}


def files(kind: str) -> list[Any]:
    found = sorted((FOLDER / "messages" / kind).glob("*.json"))
    return [pytest.param(json.loads(path.read_text()), id=path.stem) for path in found]


def schema(name: str) -> Any:
    return jsonschema_rs.validator_for(json.loads((FOLDER / f"schemas/{name}.json").read_text()))


def test_the_files_are_those_that_the_code_makes() -> None:
    written = {
        str(path.relative_to(FOLDER)): path.read_text()
        for path in [*FOLDER.rglob("messages/**/*.json"), *FOLDER.rglob("schemas/*.json")]
    }
    made = {name: text_of(content) for name, content in generate().items()}
    assert written == made, "run `python tests/worker/generate_contract.py`"


@pytest.mark.parametrize("case", files("valid"))
def test_a_valid_message_survives_a_round_trip(case: dict[str, Any]) -> None:
    adapter = TYPES[case["of"]]
    message = adapter.validate_json(json.dumps(case["message"]))
    assert json.loads(adapter.dump_json(message)) == case["message"]
    schema(case["of"]).validate(case["message"])


@pytest.mark.parametrize("case", files("valid"))
def test_unknown_members_are_ignored(case: dict[str, Any]) -> None:
    message = {**case["message"], "from_a_later_version": 1}
    adapter = TYPES[case["of"]]
    assert json.loads(adapter.dump_json(adapter.validate_python(message))) == case["message"]
    schema(case["of"]).validate(message)


@pytest.mark.parametrize("case", files("invalid"))
def test_an_invalid_message_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TYPES[case["of"]].validate_json(json.dumps(case["message"]))
    assert not schema(case["of"]).is_valid(case["message"])


def test_every_member_that_needs_it_is_described() -> None:
    invocation = json.loads((FOLDER / "schemas/Invocation.json").read_text())
    assert "attempts made before this call" in invocation["description"]
    assert invocation["$defs"]["Segment"]["properties"]["budget"]["description"]
    assert Path(FOLDER / "README.md").is_file()
