"""kill -9 of every process at every stage of a call: one run, one answer, and nobody waits for ever.

For each victim there is one crash, in the middle of calls that are at all of the stages.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from tests.reliability.calling import Call, Crash, Stage, Traces, interrupted
from tests.reliability.conftest import Cluster, running_cluster
from tests.reliability.desk import FILES, SECRET
from wistro.temporal.host.devserver import ServerBinary

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]


async def _nothing(_: Call) -> None:
    """It goes on by itself."""


STAGES = {
    "in the first step": Stage(flow="plain", answer="plain"),
    "a Python flow that a step calls is at work": Stage(
        flow="ask-python", answer="python", calls=("judge-python",)
    ),
    "a TypeScript flow that a step calls is at work": Stage(
        flow="ask-node", answer="node", calls=("judge-node",)
    ),
    "a Go flow that a step calls is at work": Stage(
        flow="ask-go", answer="go", calls=("judge-go",)
    ),
    "a flow that a step calls waits for a person": Stage(
        flow="ask-people",
        answer="by ada",
        calls=("people",),
        task_flow="people",
        reached=Call.open_task,
        goes_on=Call.answer_task,
    ),
    "a Python handler awaits a call": Stage(
        flow="from-python", answer="python", calls=("judge-python",)
    ),
    "a TypeScript handler awaits a call": Stage(
        flow="from-node", answer="python", calls=("judge-python",)
    ),
    "a Go handler awaits a call": Stage(flow="from-go", answer="python", calls=("judge-python",)),
    "a message is awaited": Stage(
        flow="payment", answer="card", reached=Call.awaits_message, goes_on=Call.send_message
    ),
    "the receiver of the answer fails": Stage(
        flow="told", answer="told", receives="fails", reached=Call.posted, goes_on=_nothing
    ),
    "the receiver is in the middle of its reply": Stage(
        flow="told", answer="told", receives="hesitates", reached=Call.posted, goes_on=_nothing
    ),
}
VICTIMS = ("the callers", "triggers", "worker", "node", "go", "temporal", "everything")
PROCESSES = ("triggers", "worker", "node", "go")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(
    temporal_binary: ServerBinary, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Cluster]:
    folder = tmp_path_factory.mktemp("desk")
    async with running_cluster(
        folder, temporal_binary, FILES, *PROCESSES, environment=SECRET
    ) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=VICTIMS)
async def left(
    request: pytest.FixtureRequest, desk: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Traces | BaseException]:
    """What is left of a call at each stage after one crash."""
    crash = Crash(cluster=desk, folder=tmp_path_factory.mktemp("calls"))
    flows = {flow for stage in STAGES.values() for flow in (stage.flow, *stage.calls)}
    before = {flow: {str(run["run_id"]) for run in await desk.runs(flow=flow)} for flow in flows}
    at_stage = {name: asyncio.Event() for name in STAGES}
    calls = [
        asyncio.create_task(interrupted(stage, crash, before, at_stage[name]))
        for name, stage in STAGES.items()
    ]
    for reached in at_stage.values():
        await reached.wait()
    await strike(crash, request.param)
    crash.over.set()
    found = await asyncio.gather(*calls, return_exceptions=True)
    return dict(zip(STAGES, found, strict=True))


async def strike(crash: Crash, victim: str) -> None:
    """Kills the victim, and starts it again."""
    cluster = crash.cluster
    match victim:
        case "the callers":
            for caller in crash.callers:
                caller.kill()
        case "temporal":
            await cluster.server.kill()
            await cluster.server.start()
        case "node" | "go":
            await cluster.kill_worker(victim)  # it is started again by its parent
        case "everything":
            for name in PROCESSES:
                await cluster.kill(name)
            await cluster.server.kill()
            await cluster.server.start()
            for name in PROCESSES:
                cluster.start(name)
            await cluster.ready()
        case _:
            await cluster.kill(victim)
            cluster.start(victim)
            if victim == "triggers":
                await cluster.ready()


@pytest.mark.parametrize("stage", STAGES)
async def test_one_run_and_one_answer(
    left: dict[str, Traces | BaseException], stage: str, desk: Cluster
) -> None:
    found, wanted = left[stage], STAGES[stage]
    if isinstance(found, BaseException):
        raise AssertionError(desk.log.read_text()[-3000:]) from found
    first = found.answers[0]
    assert isinstance(first, dict)
    assert first["data"]["answer"] == wanted.answer
    assert first["response_meta"] == {"tab": first["data"]["id"]}
    assert found.answers == [first] * len(found.answers)
    assert found.status == "completed"
    # The two stages of `told` share their flow.
    assert found.call_id in found.runs
    assert len(found.runs) == sum(stage.flow == wanted.flow for stage in STAGES.values())
    assert {flow: len(runs) for flow, runs in found.called.items()} == dict.fromkeys(
        wanted.calls, 1
    )
    assert found.delivered == "delivered"
    assert {id for id, _ in found.posts} == {f"{found.call_id}.answer"}
    assert len({body for _, body in found.posts}) == 1
