"""Path templates of endpoints: `/orders/:id` or `/orders/{id}`, and `/files/*rest` for what follows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

_Kind = Literal["literal", "parameter", "rest"]
_SAFE: dict[_Kind, str] = {"literal": "", "parameter": "", "rest": "/"}
"""What stays as it is in a segment: a rest has several of a path's parts."""
_RANK: dict[_Kind, int] = {"literal": 0, "parameter": 1, "rest": 2}
_PARAMETER = re.compile(
    r":(?P<colon>[A-Za-z_]\w*)|\{(?P<braces>[A-Za-z_]\w*)\}|\*(?P<star>[A-Za-z_]\w*)?"
)


@dataclass(frozen=True)
class _Segment:
    kind: _Kind
    text: str


@dataclass(frozen=True)
class PathTemplate:
    """A parsed template; compares by how specific it is, so that sorting puts the best match first."""

    segments: tuple[_Segment, ...]

    @classmethod
    def parse(cls, template: str) -> PathTemplate:
        """Parse a template; the lock has already refused those that are malformed."""
        return cls(tuple(_segment(part) for part in template.strip("/").split("/")))

    @property
    def rank(self) -> tuple[int, ...]:
        """Literals before parameters before rests, from the left."""
        return tuple(_RANK[segment.kind] for segment in self.segments)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters, from the left."""
        return tuple(segment.text for segment in self.segments if segment.kind != "literal")

    def fill(self, params: Mapping[str, str]) -> str:
        """The path, encoded, with these parameters; `KeyError` names one that is missing."""
        return "/" + "/".join(
            quote(
                segment.text if segment.kind == "literal" else params[segment.text],
                safe=_SAFE[segment.kind],
            )
            for segment in self.segments
        )

    def match(self, parts: tuple[str, ...]) -> dict[str, str] | None:
        """The parameters when the template matches the parts of a path, else `None`."""
        found: dict[str, str] = {}
        for index, segment in enumerate(self.segments):
            if segment.kind == "rest":
                found[segment.text] = "/".join(parts[index:])
                return found
            if index >= len(parts):
                return None
            if segment.kind == "literal":
                if parts[index] != segment.text:
                    return None
            elif parts[index]:
                found[segment.text] = parts[index]
            else:
                return None
        return found if len(parts) == len(self.segments) else None

    def __str__(self) -> str:
        """The template as OpenAPI writes it."""
        return "/" + "/".join(
            segment.text if segment.kind == "literal" else f"{{{segment.text}}}"
            for segment in self.segments
        )


def split_path(raw_path: bytes) -> tuple[str, ...]:
    """The parts of a request's path, each decoded by itself: `a%2Fb` is one part.

    A slash at the end changes nothing.
    """
    text = raw_path.decode("ascii", "replace").partition("?")[0]
    return tuple(unquote(part) for part in text.removeprefix("/").removesuffix("/").split("/"))


def _segment(part: str) -> _Segment:
    found = _PARAMETER.fullmatch(part)
    if found is None:
        return _Segment("literal", part)
    if found["star"] is not None or part == "*":
        return _Segment("rest", found["star"] or "rest")
    return _Segment("parameter", found["colon"] or found["braces"])
