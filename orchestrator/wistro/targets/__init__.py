"""Response targets: where answers of callable flows go, and what one of your own is made of."""

from wistro.targets.interface import (
    Answer,
    Asked,
    Receipt,
    ResponseTarget,
    Undeliverable,
    Unreached,
)
from wistro.targets.record import AnswerRecord, Attempt
from wistro.targets.registry import Targets
from wistro.targets.services import TargetServices

__all__ = [
    "Answer",
    "AnswerRecord",
    "Asked",
    "Attempt",
    "Receipt",
    "ResponseTarget",
    "TargetServices",
    "Targets",
    "Undeliverable",
    "Unreached",
]
