"""`wistro.yml`: defaults, and errors that name the line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.project.writing import FIXTURES
from wistro.errors import SetupError
from wistro.policies import Emit, Retry
from wistro.project.settings import project_name, read_settings


def write(root: Path, text: str, name: str = "wistro.yml") -> Path:
    (root / name).write_text(text)
    return root


def test_a_project_without_a_file_is_named_after_its_folder(tmp_path: Path) -> None:
    root = tmp_path / "My Shop (new)"
    root.mkdir()
    settings = read_settings(root)
    assert settings.project == "my-shop-new"
    assert settings.state.adapter == "sqlite"
    assert project_name(Path("/---")) == "project"


def test_everything_can_be_said() -> None:
    settings = read_settings(FIXTURES / "shop")
    assert settings.flows["orders"].owner == "shop-team@example.com"
    assert settings.flows["shipping"].name is None
    assert settings.shared("order.completed")
    assert not settings.shared("parcel.scanned")
    assert settings.defaults.retry == Retry(attempts=4, first_delay=timedelta(milliseconds=500))
    assert settings.endpoints.port == 4000


def test_json_is_read_too(tmp_path: Path) -> None:
    text = '{"project": "shop", "defaults": {"on_failure": {"topic": "dead"}}, "storage": {"threshold": "1 MiB"}}'
    settings = read_settings(write(tmp_path, text, "wistro.json"))
    assert settings.defaults.on_failure == Emit(topic="dead")
    assert settings.storage.threshold == 1024**2


def test_topics_can_be_shared_by_default(tmp_path: Path) -> None:
    text = "topics_shared_by_default: true\ntopics:\n  own: { shared: false }\n  other: {}\n"
    settings = read_settings(write(tmp_path, text))
    assert [settings.shared(topic) for topic in ("own", "other", "unsaid")] == [False, True, True]


@pytest.mark.parametrize(
    ("text", "line", "field", "message", "hint"),
    [
        ("project: shop\nflos: {}\n", 2, "flos", "unknown field `flos`", "did you mean `flows`?"),
        (
            "flows:\n  orders:\n    nmae: x\n",
            3,
            "flows.orders.nmae",
            "unknown field `nmae` in `flows.orders`",
            "did you mean `name`?",
        ),
        (
            "flows:\n  name:\n    owners: x\n",
            3,
            "flows.name.owners",
            "in `flows.name`",
            "did you mean `owner`?",
        ),
        (
            "topics:\n  a:\n    shard: true\n",
            3,
            "topics.a.shard",
            "`shard`",
            "did you mean `shared`?",
        ),
        ("topics:\n  a b:\n    shared: true\n", 2, "topics.a b", "without spaces", None),
        ("topics:\n  a:\n    schema: 3\n", 3, "topics.a.schema", "expected a pydantic model", None),
        ("\nproject: My Shop\n", 2, "project", "lower case letters", None),
        ("limits:\n  message_size: 3 MB\n", 2, "limits.message_size", "`256 KiB`", None),
        ("limits:\n  deliveries: many\n", 2, "limits.deliveries", "found `'many'`", None),
        (
            "defaults:\n  retry:\n    first_delay: soon\n",
            3,
            "defaults.retry.first_delay",
            "such as `30s`",
            None,
        ),
        ("defaults:\n  concurrency: 3\n", 1, "defaults", "limits of single steps", None),
        ("defaults:\n  on_failure: panic\n", 2, "defaults.on_failure", "'fail', 'hold'", None),
        ("endpoints: { prot: 1 }\n", 1, "endpoints.prot", "unknown field", "did you mean `port`?"),
    ],
)
def test_errors_name_field_and_line(
    tmp_path: Path, text: str, line: int, field: str, message: str, hint: str | None
) -> None:
    with pytest.raises(SetupError) as caught:
        read_settings(write(tmp_path, text))
    error = caught.value
    issue = error.issues[0]
    assert (error.file, error.line, issue.field, issue.line) == ("wistro.yml", line, field, line)
    assert error.code == "bad_settings"
    assert message in issue.message
    assert issue.hint == hint


def test_every_issue_is_there(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"\(and 1 more\)") as caught:
        read_settings(write(tmp_path, "a: 1\nb: 2\n"))
    assert [issue.line for issue in caught.value.issues] == [1, 2]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("project: a\nstate: {}\nproject: b\n", "duplicate_key", 3),
        ("flows:\n  a: [1\n", "bad_yaml", 3),
        ("a: !!python/object:os.system {}\n", "bad_yaml", 1),
        ("- a\n- b\n", "bad_settings", 1),
        ("just text", "bad_settings", 1),
    ],
)
def test_what_is_no_settings_file(tmp_path: Path, text: str, code: str, line: int) -> None:
    with pytest.raises(SetupError) as caught:
        read_settings(write(tmp_path, text))
    assert (caught.value.code, caught.value.line) == (code, line)


def test_names_that_are_alike_are_two(tmp_path: Path) -> None:
    text = "topics:\n  s1_10: { external: true }\n  s11_0: { extrenal: true }\n"
    with pytest.raises(SetupError, match="extrenal") as caught:
        read_settings(write(tmp_path, text))
    assert [(issue.field, issue.line) for issue in caught.value.issues] == [
        ("topics.s11_0.extrenal", 3)
    ]


def test_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "wistro.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SetupError, match="cannot be read"):
        read_settings(tmp_path)


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path, "# nothing yet\n")).flows == {}


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90", timedelta(seconds=90)),
        ("0.5", timedelta(seconds=0.5)),
        ("1h 30m", timedelta(hours=1, minutes=30)),
        ("2d", timedelta(days=2)),
        ("0.5s", timedelta(seconds=0.5)),
        ("PT2M", timedelta(minutes=2)),
    ],
)
def test_durations(tmp_path: Path, text: str, duration: timedelta) -> None:
    settings = read_settings(write(tmp_path, f"limits: {{ timeout: {text} }}"))
    assert settings.limits.timeout == duration
