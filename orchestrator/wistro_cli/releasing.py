"""Shows what repairs will do, and how a release in bulk goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wistro.repairs import Released, ReleaseEnded, RepairPreview
from wistro_cli.output import say, show, show_json, show_json_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wistro_cli.api import Api

_WORDS = {"done": "done", "gone": "no longer held", "failed": "failed", "would": "would be"}


def show_preview(seen: RepairPreview, *, json: bool) -> bool:
    """Say what a repair will do; false when it cannot be done."""
    if json:
        show_json(seen)
        return seen.possible
    if seen.refusal is not None:
        say(seen.refusal)
    for issue in seen.issues:
        show(f"  {issue.field}: {issue.message}")
    for sentence in seen.sentences:
        show(sentence)
    for warning in seen.warnings:
        show(f"! {warning}")
    return seen.possible


def show_release(api: Api, body: Mapping[str, object], *, json: bool) -> bool:
    """Release, and say what becomes of each delivery; true when something could not be done."""
    from wistro_cli.api.repairs import release

    done = 0
    try:
        for line in release(api, body):
            if json:
                show_json_line(line.model_dump(mode="json"))
            if isinstance(line, ReleaseEnded):
                if not json:
                    _end(line)
                return bool(line.failed or line.silent)
            done = line.done
            if not json:
                show(_item(line))
    except KeyboardInterrupt:
        say(f"stopped after {done}; those under way are finished, the others are still held")
        return True
    return True


def _item(line: Released) -> str:
    reason = f": {line.message}" if line.message else ""
    step = f" {line.step}" if line.step else ""
    place = f"{line.done}/{line.total}"
    return f"{place}  {line.flow}/{line.run_id}{step}  {_WORDS[line.outcome]}{reason}"


def _end(line: ReleaseEnded) -> None:
    for silent in line.silent:
        show(f"{silent.flow}/{silent.run_id}  {silent.reason}")
    say(line.sentence)
