"""Loading step files: imports, annotations, and everything that can be wrong with a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.project.writing import write_project
from wistro.errors import SetupError
from wistro.project.files import step_id
from wistro_worker.loader import LoadedStep, load_step
from wistro_worker.modules import unload
from wistro_worker.sources import content_hash, sources

EVENT = "config = {'type': 'event', 'name': 'n', 'subscribes': ['t'], 'emits': []}\n"


@pytest.fixture(name="root")
def a_root(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    unload(tmp_path)


def load(root: Path, name: str = "steps/a.step.py", **files: str) -> LoadedStep:
    return load_step(root / name, root=root)


def test_relative_and_absolute_imports_are_one_module(root: Path) -> None:
    write_project(
        root,
        {
            "common.py": "class Root: ...",
            "steps/shop.py": "class Order: ...",
            "steps/deep/far/a.step.py": """
                from common import Root
                from steps.shop import Order as Absolute
                from ...shop import Order
                from .near import NEAR
                from . import near
                config = {"type": "noop", "name": "n"}
            """,
            "steps/deep/far/near.py": "NEAR = 1",
        },
    )
    module = load(root, "steps/deep/far/a.step.py").module
    assert module.Order is module.Absolute
    assert module.__name__ == "steps.deep.far.a_step"
    assert module.near.NEAR == 1


def test_folders_with_an_init_run_it(root: Path) -> None:
    write_project(
        root,
        {
            "src/__init__.py": "TOP = 1",
            "src/orders/__init__.py": "from .. import TOP\nSUM = TOP + 1",
            "src/orders/a_step.py": "from . import SUM\nconfig = {'type': 'noop', 'name': f'n{SUM}'}",
        },
    )
    assert load(root, "src/orders/a_step.py").config.name == "n2"


def test_folders_that_are_no_identifiers(root: Path) -> None:
    write_project(
        root,
        {
            "steps/order-flow/v1.2/a.step.py": "from .b import B\nconfig = {'type': 'noop', 'name': B}",
            "steps/order-flow/v1.2/b.py": "B = 'n'",
        },
    )
    assert load(root, "steps/order-flow/v1.2/a.step.py").config.name == "n"


def test_two_projects_do_not_mix(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_project(
            tmp_path / name,
            {
                "steps/shop.py": f"WHO = {name!r}",
                "steps/a.step.py": "from .shop import WHO\nconfig = {'type': 'noop', 'name': WHO}",
            },
        )
    names = [load(tmp_path / name).config.name for name in ("one", "two", "one")]
    assert names == ["one", "two", "one"]
    for name in ("one", "two"):
        unload(tmp_path / name)
    assert not any(str(tmp_path) in entry for entry in sys.path)


def test_a_change_is_seen_after_unloading(root: Path) -> None:
    write_project(
        root, {"steps/a.step.py": "from .b import B\nconfig = {'type': 'noop', 'name': B}"}
    )
    write_project(root, {"steps/b.py": "B = 'before'"})
    assert load(root).config.name == "before"
    assert load(root).module is load(root).module
    write_project(root, {"steps/b.py": "B = 'afterwards'"})
    unload(root)
    assert load(root).config.name == "afterwards"


def test_the_standard_library_is_not_shadowed(root: Path) -> None:
    write_project(
        root,
        {
            "colorsys.py": "raise RuntimeError('shadowed')",
            "steps/a.step.py": "import colorsys\nconfig = {'type': 'noop', 'name': 'n'}",
        },
    )
    sys.modules.pop("colorsys", None)
    assert load(root).config.name == "n"


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("charge_card.step.py", "charge_card"),
        ("charge_card_step.py", "charge_card"),
        ("01-charge.step.py", "01-charge"),
        ("Ünïcode name.step.py", "n_code_name"),
        ("...step.py", "step"),
    ],
)
def test_ids_come_from_file_names(name: str, id: str) -> None:
    assert step_id(Path(name)) == id


@pytest.mark.parametrize(
    ("handler", "expected", "is_async"),
    [
        ("async def handler(order: Order, ctx): ...", "Order", True),
        ("def handler(order: 'Order', ctx): ...", "Order", False),
        ("def handler(orders: list[Order]): ...", list, False),
        ("def handler(message, ctx): ...", None, False),
        ("def handler(message: Any, ctx): ...", None, False),
        ("def handler(ctx: Context): ...", None, False),
        ("def handler(ctx: SyncContext): ...", None, False),
        ("def handler(): ...", None, False),
        ("class H:\n    async def __call__(self, order: Order): ...\nhandler = H()", "Order", True),
        (
            "from functools import wraps\ndef d(f):\n    @wraps(f)\n    async def g(*a): ...\n    return g\n@d\nasync def handler(order: Order, ctx): ...",
            "Order",
            True,
        ),
    ],
)
def test_input_types(root: Path, handler: str, expected: object, is_async: bool) -> None:
    head = (
        "from typing import Any\nfrom pydantic import BaseModel\nfrom wistro import Context, SyncContext\n"
        "class Order(BaseModel):\n    id: str\n"
    )
    write_project(root, {"steps/a.step.py": ""})
    (root / "steps/a.step.py").write_text(head + EVENT + handler)
    step = load(root)
    found: Any = step.input_type
    assert (getattr(found, "__name__", None) or found) in {
        expected,
        getattr(expected, "__name__", ""),
    }
    assert (step.input_schema is None) == (expected is None)
    assert step.is_async is is_async


def test_future_annotations_need_only_the_input(root: Path) -> None:
    write_project(
        root,
        {
            "steps/a.step.py": f"""
                from __future__ import annotations
                from typing import TYPE_CHECKING
                from pydantic import BaseModel
                if TYPE_CHECKING:
                    from wistro import Context
                class Order(BaseModel):
                    id: str
                {EVENT}
                def handler(order: Order, ctx: Context) -> None: ...
            """
        },
    )
    step = load(root)
    assert step.input_schema
    assert step.input_schema["required"] == ["id"]


def test_api_bodies_come_from_the_request_type(root: Path) -> None:
    write_project(
        root,
        {
            "steps/a.step.py": """
                from pydantic import BaseModel
                from wistro import ApiRequest, ApiStep
                class Order(BaseModel):
                    id: str
                config = ApiStep(name="n", path="/", method="POST")
                def handler(request: ApiRequest[Order]): ...
            """
        },
    )
    step = load(root)
    assert step.input_type is step.module.Order


def test_a_declared_schema_wins_and_the_annotation_is_kept(root: Path) -> None:
    write_project(
        root,
        {
            "steps/a.step.py": """
                from wistro import EventStep
                config = EventStep(name="n", subscribes=["t"], input={"type": "integer"})
                def handler(number: int): ...
            """
        },
    )
    step = load(root)
    assert (step.input_schema, step.input_type) == ({"type": "integer"}, int)


@pytest.mark.parametrize(
    ("text", "code", "line", "message"),
    [
        ("x = (\n", "load_failed", 1, "SyntaxError"),
        ("\nimport nothing_like_this", "load_failed", 2, "No module named 'nothing_like_this'"),
        ("from .absent import x", "load_failed", 1, "steps.absent"),
        ("\n\n1 / 0", "load_failed", 3, "ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)", "load_failed", 2, "it ends the process (3)"),
        ("def f(): f()\nf()", "load_failed", 1, "RecursionError"),
        ("class Odd(BaseException): ...\nraise Odd", "load_failed", 2, "Odd: no message"),
        ("x = 1", "no_config", None, "has no `config`"),
        ("config = 3", "bad_config", None, "`config` is a `int`"),
        (EVENT, "no_handler", None, "found none"),
        (EVENT + "handler = 3", "no_handler", None, "found a `int`"),
        (
            "from wistro import *\nconfig = EventStep(nmae='x')",
            "bad_config",
            2,
            "unknown field `nmae`",
        ),
        (
            EVENT + "def handler(x: 'Missing'): ...",
            "bad_input_type",
            None,
            "'Missing' is not defined",
        ),
        (
            EVENT + "class C: ...\ndef handler(x: C): ...",
            "bad_input_type",
            None,
            "`C` has no JSON Schema",
        ),
        ("from .broken import x", "load_failed", 1, "(in `steps/broken.py`, line 2)"),
        ("from .unfinished import x", "load_failed", 1, "(in `steps/unfinished.py`, line 1)"),
    ],
)
def test_broken_files_name_file_and_line(
    root: Path, text: str, code: str, line: int | None, message: str
) -> None:
    write_project(root, {"steps/broken.py": "x = 1\n1 / 0", "steps/unfinished.py": "x = ("})
    (root / "steps/a.step.py").write_text(text)
    with pytest.raises(SetupError) as caught:
        load(root)
    error = caught.value
    assert (error.code, error.file, error.line) == (code, "steps/a.step.py", line)
    assert message in error.message
    assert "steps.a_step" not in sys.modules or code != "load_failed"


def test_sources_follow_imports(root: Path) -> None:
    write_project(
        root,
        {
            "helpers/__init__.py": "",
            "helpers/money.py": "from . import tax",
            "helpers/tax.py": "import os",
            "helpers/other.py": "",
            "steps/shop.py": "import helpers.money",
            "steps/a.step.py": "def late():\n    from .shop import Order",
            "steps/b.step.py": "",
        },
    )
    found = {path.relative_to(root).as_posix() for path in sources(root / "steps/a.step.py", root)}
    assert found == {
        "steps/a.step.py",
        "steps/shop.py",
        "helpers/__init__.py",
        "helpers/money.py",
        "helpers/tax.py",
    }


def test_included_files_are_part_of_the_hash(root: Path) -> None:
    write_project(root, {"steps/a.step.py": "", "steps/mail/a.txt": "Dear"})
    path = root / "steps/a.step.py"
    before = content_hash(path, root, ["./mail/*.txt"])
    assert before != content_hash(path, root)
    write_project(root, {"steps/mail/a.txt": "Hello"})
    assert before != content_hash(path, root, ["./mail/*.txt"])
