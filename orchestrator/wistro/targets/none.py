"""The target `none`: nobody is told; whoever asks with the call's id gets the answer."""

from __future__ import annotations

from collections.abc import Mapping

from wistro.options import Options
from wistro.targets.addresses import read_address
from wistro.targets.interface import Answer, Asked, Receipt
from wistro.targets.services import TargetServices


class NoTarget:
    """Takes every answer, and does nothing."""

    many = False

    def check(self, address: Mapping[str, object], asked: Asked) -> Mapping[str, object]:
        """It has no address."""
        _ = asked
        read_address(Options, address, "none")
        return {}

    async def deliver(
        self, answer: Answer, address: Mapping[str, object], services: TargetServices
    ) -> Receipt:
        """Nothing to do."""
        _ = answer, address, services
        return Receipt()
