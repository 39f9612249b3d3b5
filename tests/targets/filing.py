"""A response target of a project's own: each answer becomes a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from wistro.errors import InvalidMessage, Issue
from wistro.targets import Answer, Asked, Receipt, TargetServices, Undeliverable


class FilingCabinet:
    """Files answers in folders."""

    many = False

    def __init__(self, options: Mapping[str, object]) -> None:
        self.prefix = str(options.get("prefix", ""))

    def check(self, address: Mapping[str, object], asked: Asked) -> Mapping[str, object]:
        """`{"folder": …}`."""
        folder = address.get("folder")
        if not isinstance(folder, str):
            message = "`folder` is missing"
            raise InvalidMessage(message, issues=[Issue(field="folder", message=message)])
        return {"folder": folder}

    async def deliver(
        self, answer: Answer, address: Mapping[str, object], services: TargetServices
    ) -> Receipt:
        """Write the file."""
        folder = Path(str(address["folder"]))
        if not folder.is_dir():
            raise Undeliverable("there is no such folder")
        path = folder / f"{self.prefix}{answer.id}.json"
        path.write_text(json.dumps(answer.document()))
        return Receipt(message="filed")
