"""The messages of steps without a handler, when something outside has answered them."""

from __future__ import annotations

from collections.abc import Mapping

_TEXT = {"type": "string"}


def answered_schema(answer: Mapping[str, object] | None, *, by_people: bool) -> dict[str, object]:
    """The JSON Schema of what such a step emits.

    Args:
        answer: The schema of the answer, where it is known.
        by_people: Whether people answer it, so that it says who and when.
    """
    properties: dict[str, object] = {"request": {}, "answer": {}}
    required = ["request", "answer"]
    schema: dict[str, object] = {"type": "object", "properties": properties, "required": required}
    if answer is not None:
        # References within it start at its root, which is ours now.
        properties["answer"] = {k: v for k, v in answer.items() if k != "$defs"}
        if "$defs" in answer:
            schema["$defs"] = answer["$defs"]
    if by_people:
        vote = {"by": _TEXT, "at": {**_TEXT, "format": "date-time"}, "answer": properties["answer"]}
        properties |= {
            "by": _TEXT,
            "at": vote["at"],
            "outcome": {"enum": ["answered", "approved", "refused"]},
            "votes": {
                "type": "array",
                "items": {"type": "object", "properties": vote, "required": list(vote)},
            },
            "remarks": {"type": "array", "items": {"type": "object"}},
        }
        required += ["by", "at", "outcome", "votes", "remarks"]
    return schema
