"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Chooses between what a full and what a quick measurement does."""

    quick: bool

    def __call__(self, full: int, quick: int) -> int:
        return quick if self.quick else full
