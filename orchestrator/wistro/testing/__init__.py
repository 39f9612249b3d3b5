"""Tests of flows without a server: `FlowHarness` runs them in memory, on a fake clock."""

from wistro.testing.called import FakeFlow
from wistro.testing.context import FakeContext
from wistro.testing.fakes import Fake, Log
from wistro.testing.harness import Executor, FlowHarness
from wistro.testing.run import HarnessRun
from wistro.testing.tasks import OpenTask

__all__ = [
    "Executor",
    "Fake",
    "FakeContext",
    "FakeFlow",
    "FlowHarness",
    "HarnessRun",
    "Log",
    "OpenTask",
]
