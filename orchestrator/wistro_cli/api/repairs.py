"""Repairs through the management API: what they will do, and releases in bulk line by line."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from pydantic import TypeAdapter

from wistro.repairs import Released, ReleaseEnded, RepairPreview
from wistro.runs import RunSummary
from wistro_cli.api.client import Api
from wistro_cli.api.runs import path_of

_LINE: TypeAdapter[Released | ReleaseEnded] = TypeAdapter(Released | ReleaseEnded)


def preview(api: Api, run: RunSummary, body: Mapping[str, object]) -> RepairPreview:
    """What a repair will do; nothing is done."""
    return RepairPreview.model_validate(api.post(f"{path_of(run)}/preview", dict(body)))


def release(api: Api, body: Mapping[str, object]) -> Generator[Released | ReleaseEnded]:
    """Releases held deliveries: yields what became of each, and at last a summary.

    Whoever stops reading stops it.
    """
    with api.post_lines("/held/release", dict(body)) as lines:
        for line in lines:
            if line:
                yield _LINE.validate_json(line)
