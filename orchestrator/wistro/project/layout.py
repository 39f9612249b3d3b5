"""Where people put the nodes of a flow's graph: `wistro.layout.json`, kept with the project.

Before there is one, the positions of a Motia project are read from its `motia-workbench.json`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from wistro.errors import SetupError
from wistro.project.descriptor import Record
from wistro.project.lock import Lock

LAYOUT_FILE = "wistro.layout.json"
MOTIA_LAYOUT_FILE = "motia-workbench.json"

_Coordinate = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]


class Position(Record):
    """Where the upper left corner of a node is, in pixels of a graph that is not zoomed."""

    x: _Coordinate
    y: _Coordinate


Positions = Mapping[str, Position]
"""Of the nodes of a flow, by their ids."""


class _Document(Record):
    version: Literal[1] = 1
    flows: dict[str, dict[str, Position]] = Field(default_factory=dict[str, dict[str, Position]])


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The positions of a flow's nodes, and the file that they are from."""

    positions: Positions
    source: Literal["wistro", "motia"] | None = None


def read_layout(root: Path, lock: Lock, flow: str) -> Layout:
    """The positions of a flow's nodes, as somebody left them.

    Raises:
        SetupError: `layout_damaged`.
    """
    document = _read(root)
    if document is not None:
        return Layout(positions=document.flows.get(flow, {}), source="wistro")
    positions = _of_motia(root, lock, flow)
    return Layout(positions=positions, source="motia" if positions else None)


def write_layout(
    root: Path, flows: Mapping[str, Collection[str]], flow: str, to: Positions
) -> None:
    """Keep the positions of a flow's nodes; without any, the flow is laid out by itself again.

    Args:
        root: The project's folder.
        flows: The nodes of every flow: the positions of others are dropped.
        flow: The flow whose nodes were moved.
        to: Their positions.

    Raises:
        SetupError: `layout_damaged`, the file that is there is not ours to overwrite.
    """
    document = _read(root) or _Document()
    everything = {**document.flows, flow: dict(to)}
    kept = {
        id: {node: everything[id][node] for node in sorted(everything[id]) if node in nodes}
        for id, nodes in sorted(flows.items())
        if id in everything
    }
    table = {
        "version": 1,
        "flows": {
            id: {
                node: {"x": _plain(place.x), "y": _plain(place.y)} for node, place in nodes.items()
            }
            for id, nodes in kept.items()
            if nodes
        },
    }
    _write(root / LAYOUT_FILE, json.dumps(table, indent=2, ensure_ascii=False) + "\n")


def _read(root: Path) -> _Document | None:
    path = root / LAYOUT_FILE
    try:
        return _Document.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise SetupError(
            f"`{LAYOUT_FILE}` cannot be read: {problem}",
            code="layout_damaged",
            hint="mend it, or delete it to have the graphs laid out by themselves",
            file=LAYOUT_FILE,
        ) from error


class _MotiaPosition(Position):
    """Motia keeps more with it: the sides that edges come and go by."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore")


class _MotiaFlow(Record):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore")

    id: str
    config: dict[str, _MotiaPosition] = Field(default_factory=dict[str, _MotiaPosition])


_MOTIA = TypeAdapter(list[_MotiaFlow])


def _of_motia(root: Path, lock: Lock, flow: str) -> Positions:
    """What Motia's workbench left there: positions by the paths of step files."""
    try:
        flows = _MOTIA.validate_json((root / MOTIA_LAYOUT_FILE).read_bytes())
    except (OSError, ValidationError):
        return {}  # somebody else's file: what is wrong with it is not ours to say
    places = {
        path: place for each in flows if each.id == flow for path, place in each.config.items()
    }
    steps = (lock.steps[id] for id in lock.flows[flow].steps)
    return {
        step.id: Position(x=places[step.path].x, y=places[step.path].y)
        for step in steps
        if step.path in places
    }


def _plain(number: float) -> int:
    """Whole pixels: nobody sees less, and changes are easier to review."""
    return round(number)


def _write(path: Path, text: str) -> None:
    """All or nothing, under a name meanwhile that nobody watches."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=".layout-", suffix=".tmp", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    temporary = Path(file.name)
    try:
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
