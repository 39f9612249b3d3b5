"""The demo's story, in memory: the steps and the reference agree on how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from wistro.testing import FlowHarness

from demonstration import checks
from demonstration.payloads import EXAMPLES, Event, examples
from demonstration.reference import Reference
from demonstration.script import Night, Order, script
from demonstration.stand_in import StandIn
from steps.environments.local_target import LocalTarget

PROJECT = Path(__file__).parents[1]
OPERATOR = {"Authorization": "Bearer operator"}

pytestmark = pytest.mark.skipif(not (PROJECT / EXAMPLES).exists(), reason="needs `npm ci`")


def test_every_published_example_is_told_once() -> None:
    told = [it for batch in script(PROJECT) for it in batch if isinstance(it, Event)]
    published = [*examples(PROJECT, "pull_request"), *examples(PROJECT, "push")]
    notes = [(it.label, it.note) for it in told]
    assert len(published) == 36
    for event in published:
        assert notes.count((event.label, event.note)) == 1


@pytest.mark.slow
async def test_the_steps_and_the_reference_agree(
    project: FlowHarness, stand_in: StandIn, tmp_path: Path
) -> None:
    reference, target, seen = Reference(), LocalTarget(tmp_path), set[str]()
    try:
        for happening in (it for batch in script(PROJECT) for it in batch):
            match happening:
                case Order(wanted):
                    await project.request("order_environment", wanted, headers=OPERATOR)
                    reference.order(wanted)
                case Night():
                    await project.trigger("stop_old_environments")
                    reference.nightly()
                case Event(name, payload, guid=guid, forged=False) if guid not in seen:
                    seen.add(guid)
                    header = {"X-GitHub-Event": name}
                    await project.request("receive_webhook", payload, headers=header)
                    reference.webhook(name, payload)
                case Event():
                    pass  # delivered again, or forged: that is for the HTTP side to notice
        records = list((await project.state.list("environments")).values())
        assert checks.environments(reference, records).problems == ()
        assert (await checks.addresses(records, target)).problems == ()
        assert checks.comments(reference, stand_in.comments).problems == ()
        assert {run.outcome for run in project.runs()} == {"completed"}
    finally:
        for process in target.all():
            await target.stop(process.environment)
