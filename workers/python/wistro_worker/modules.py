"""Imports a project's files by path, in the packages that their folders stand for.

`steps/orders/charge.step.py` is the module `steps.orders.charge_step`, whether or not the folders
have an `__init__.py`, and the project's root is on `sys.path`: `from .shop import Order` and
`from steps.orders.shop import Order` are one class.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
import sysconfig
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import cast

from wistro.project.files import is_own


def load_module(path: Path, root: Path) -> ModuleType:
    """The module of a Python file; one that is loaded already is not loaded again."""
    _put_on_path(root)
    package = _package(path.parent, root)
    name = f"{package}.{_identifier(path.name.removesuffix('.py'))}".removeprefix(".")
    loaded = sys.modules.get(name)
    if loaded is not None and path in _places(loaded):
        return loaded
    spec = importlib.util.spec_from_file_location(name, path, loader=_StepLoader(name, str(path)))
    return _execute(cast("ModuleSpec", spec))


def unload(root: Path) -> None:
    """Forget every module of the project, so that it can be loaded again after a change."""
    root = root.resolve()
    for name, module in list(sys.modules.items()):
        if any(is_own(place, root) for place in _places(module)):
            del sys.modules[name]
    while str(root) in sys.path:
        sys.path.remove(str(root))
    importlib.invalidate_caches()


class _StepLoader(SourceFileLoader):
    """Compiles from the source each time: bytecode can be stale within the second of an edit."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _package(folder: Path, root: Path) -> str:
    """Import the folder as a package of the project, and its parents before it."""
    if folder == root or not folder.is_relative_to(root):
        return ""
    parent = _package(folder.parent, root)
    name = f"{parent}.{_identifier(folder.name)}".removeprefix(".")
    loaded = sys.modules.get(name)
    if loaded is not None and folder in _places(loaded):
        return name
    for other in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
        del sys.modules[other]  # another project's folder, or an installed package, of this name
    init = folder / "__init__.py"
    if init.is_file():
        locations = [str(folder)]
        spec = importlib.util.spec_from_file_location(
            name, init, submodule_search_locations=locations
        )
        module = _execute(cast("ModuleSpec", spec))
    else:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
    if parent:
        setattr(sys.modules[parent], _identifier(folder.name), module)
    return name


def _execute(spec: ModuleSpec) -> ModuleType:
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    assert spec.loader is not None
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(spec.name, None)
        raise
    return module


def _put_on_path(root: Path) -> None:
    # Before the installed packages, so that the project's `utils` wins over somebody's; after the
    # standard library, so that the project's `queue.py` does not break everything else.
    if str(root) in sys.path:
        return
    installed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    places = [index for index, entry in enumerate(sys.path) if entry in installed]
    sys.path.insert(min(places, default=len(sys.path)), str(root))


def _places(module: ModuleType) -> list[Path]:
    """The file of a module, and the folders of a package."""
    try:
        file = getattr(module, "__file__", None)
        folders = cast("list[object]", getattr(module, "__path__", None) or [])
        return [Path(str(place)) for place in (file, *folders) if place]
    except Exception:  # noqa: BLE001 - a module that plays tricks with its attributes is not ours
        return []


def _identifier(name: str) -> str:
    return re.sub(r"[.\s]", "_", name)
