"""Whatever happens on the way, a run delivers what it would have delivered without it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.machine.plans import plan as make_plan
from tests.machine.plans import project, step
from tests.machine.strategies import TOPICS, hops_of, id_of, message, plans
from wistro.context import Context
from wistro.errors import Terminal
from wistro.machine.plan import Plan
from wistro.state import State
from wistro.testing import FlowHarness, HarnessRun

Handler = Callable[[object, Context[State]], None]
Delivered = Counter[tuple[str, str | None, str]]


def handler(seed: int) -> Handler:
    """A handler whose emissions depend on its step and message only, as a good handler's do.

    A joined message is a stand-in for its parts: which of them came first may differ.
    """

    def handle(data: object, ctx: Context[State]) -> None:
        hops = 1 if ctx.topic is None else hops_of(data)
        if hops <= 0:
            return
        digest = sha256(f"{seed} {ctx.step} {ctx.topic} {hops}".encode()).digest()
        for n in range(digest[0] % 3):
            topic = TOPICS[digest[2 * n + 1] % len(TOPICS)]
            ctx.emit(topic, message(digest[2 * n + 2] % 2, hops - 1))

    return handle


def start(plan: Plan, handle: Handler, paces: list[int], *, stubborn: bool) -> FlowHarness:
    """A project of the plan, with a flow for its shared messages, and steps of different pace."""
    mail = make_plan(step("send", *TOPICS), flow="mail")
    shop = project(plan, mail)
    for pace, name in zip(paces, plan.steps, strict=False):
        takes = timedelta(seconds=pace)
        shop.fake(name, handler=handle, takes=takes, stubborn=stubborn)
    return shop


def delivered(*runs: HarnessRun) -> Delivered:
    """What was completed, in all the runs together. Joins count by step: see `handler`."""
    return Counter(
        (view.step, view.topic, "" if view.topic is None else str(view.input))
        for run in runs
        for view in run.deliveries()
        if view.status == "completed"
    )


def emitted(*runs: HarnessRun) -> Counter[str]:
    """Every message emitted, in all the runs together."""
    return Counter(str(emission) for run in runs for emission in run.emissions)


paces = st.lists(st.integers(0, 3), min_size=5, max_size=5)


@given(plans(calm=True), st.integers(0, 999), paces, st.integers(1, 12), st.booleans())
async def test_a_fork_of_a_failed_run_delivers_what_was_left(
    plan: Plan, seed: int, pace: list[int], nth: int, stubborn: bool
) -> None:
    handle = handler(seed)
    whole = start(plan, handle, pace, stubborn=stubborn)
    good = await whole.emit("orders", *_first(plan))
    await whole.advance(hours=1)
    assert good.outcome == "completed"

    calls = 0

    def fail_once(data: object, ctx: Context[State]) -> None:
        nonlocal calls
        calls += 1
        if calls == nth:
            raise Terminal("once")
        handle(data, ctx)

    broken = start(plan, fail_once, pace, stubborn=stubborn)
    failed = await broken.emit("orders", *_first(plan))
    await broken.advance(hours=1)
    assume(failed.outcome == "failed")
    fork = await failed.fork()
    await broken.advance(hours=1)

    assert fork.outcome == "completed"
    assert delivered(failed, fork) == delivered(good)
    assert emitted(failed, fork) == emitted(good)
    assert len(broken.runs("mail")) == len(whole.runs("mail"))
    done = [view.delivery_id for view in failed.deliveries() if view.status == "completed"]
    again = {view.delivery_id for view in fork.deliveries()}
    assert not again.intersection(done)


@given(plans(calm=True), st.integers(0, 999), paces, st.lists(st.integers(0, 4), max_size=12))
async def test_continuing_as_new_at_any_moment_changes_nothing(
    plan: Plan, seed: int, pace: list[int], moments: list[int]
) -> None:
    handle = handler(seed)
    whole = start(plan, handle, pace, stubborn=False)
    good = await whole.emit("orders", *_first(plan))
    await whole.advance(hours=1)

    parts = start(plan, handle, pace, stubborn=False)
    run = await parts.emit("orders", *_first(plan))
    for seconds in moments:
        run.driver.drain()
        await parts.advance(seconds=seconds)
        if run.driver.machine.running == 0 and run.outcome is None:
            await run.continue_as_new()
        run.driver.release()
        await parts.advance(seconds=1)
    await parts.advance(hours=1)

    assert run.outcome == good.outcome == "completed"
    assert delivered(run) == delivered(good)
    assert emitted(run) == emitted(good)


@given(plans(calm=True), st.integers(0, 999), st.integers(1, 3))
async def test_attempts_that_fail_change_nothing_but_the_time(
    plan: Plan, seed: int, times: int
) -> None:
    handle = handler(seed)
    plain, shaky = (start(plan, handle, [0] * 5, stubborn=False) for _ in range(2))
    for name in plan.steps:
        shaky.fake(name, handler=_held(handle, times))
    run = await plain.emit("orders", *_first(plan))
    await plain.advance(hours=1)
    assume(len(run.deliveries()) <= 40)  # in the worst case there is a fork for each failed attempt
    other = await shaky.emit("orders", *_first(plan))
    runs = [other]
    await shaky.advance(hours=1)
    while runs[-1].outcome == "failed" and len(runs) <= times * len(run.deliveries()):
        runs.append(await runs[-1].fork())
        await shaky.advance(hours=1)
    assert runs[-1].outcome == "completed"
    assert delivered(*runs) == delivered(run)
    assert emitted(*runs) == emitted(run)


def _held(handle: Handler, times: int) -> Handler:
    """Fails as often for each delivery, whichever run makes it."""
    made: Counter[str] = Counter()

    def handle_at_last(data: object, ctx: Context[State]) -> None:
        made[ctx.idempotency_key] += 1
        if made[ctx.idempotency_key] <= times:
            raise Terminal("not yet")
        handle(data, ctx)

    return handle_at_last


def _first(plan: Plan) -> tuple[str, object]:
    """A topic that somebody subscribes to, and a message on it."""
    topic = next(iter(plan.routes))
    data = message()
    assert id_of(data) == 1
    return topic, data
