"""Today's code replays the histories of runs that earlier code drove."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from tests.engine.golden import HISTORIES, converter, load
from wistro.temporal.host.hosting import WORKFLOWS

GOLDEN = sorted(HISTORIES.glob("*.json"))


def replayer() -> Replayer:
    """Replays with the workflows of today."""
    return Replayer(workflows=WORKFLOWS, data_converter=converter())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem.split(".")[1])
async def test_a_golden_history_replays(path: Path) -> None:
    await replayer().replay_workflow(load(path))


def test_there_are_golden_histories() -> None:
    assert len(GOLDEN) >= 16


async def test_a_changed_machine_would_be_noticed() -> None:
    history = load(next(path for path in GOLDEN if "fan-out" in path.stem))
    events = list(history.events)
    changed = next(e for e in events if e.HasField("activity_task_scheduled_event_attributes"))
    changed.activity_task_scheduled_event_attributes.activity_id = "another"
    with pytest.raises(NondeterminismError):
        await replayer().replay_workflow(replace(history, events=events))
