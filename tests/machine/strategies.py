"""Random plans and messages, small enough to be read when a test fails.

A message is `{"id": …, "hops": …}`: the id is what joins go by, and a handler emits only while
there are hops left, so that a run ends whatever its plan looks like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from hypothesis import strategies as st

from tests.machine.plans import plan, step
from wistro.machine.plan import JoinPlan, Limits, Plan, RetryPlan, StepPlan, SubscriptionPlan

TOPICS = ("t0", "t1", "t2", "t3")
STEPS = ("s0", "s1", "s2", "s3", "s4")
FILTER = "message.id == 1"
HOPS = 3

filters = st.sampled_from([None, None, None, FILTER])
joins = st.builds(
    JoinPlan,
    key=st.sampled_from([None, "message.id"]),
    quorum=st.sampled_from([None, None, 2, 3, "message.id + 1"]),
    timeout=st.sampled_from([None, 30.0]),
    on_timeout=st.sampled_from(["fail", "deliver"]),
)
retries = st.builds(RetryPlan, attempts=st.integers(1, 3), first_delay=st.sampled_from([0.0, 5.0]))
limits = st.builds(
    Limits,
    deliveries=st.sampled_from([10_000, 10_000, 12]),
    in_flight=st.integers(1, 4),
    timeout=st.sampled_from([None, None, 100.0]),
)


@st.composite
def steps(draw: st.DrawFn, id: str, *, calm: bool = False) -> StepPlan:
    """A step; a calm one never makes a run fail by itself, and never goes on without a message."""
    topics = draw(st.lists(st.sampled_from(TOPICS), min_size=1, max_size=2, unique=True))
    choice = "fail" if calm else draw(st.sampled_from(["fail", "hold", "emit", "ignore"]))
    join = draw(st.one_of(st.none(), st.none(), joins))
    if calm and join is not None:
        join = JoinPlan(key=join.key, quorum=join.quorum, on_timeout="deliver")
    return step(
        id,
        *(SubscriptionPlan(topic=topic, where=draw(filters)) for topic in topics),
        emits=TOPICS,
        join=join,
        retry=RetryPlan(attempts=1) if calm else draw(retries),
        on_failure=choice,
        failure_topic="t0" if choice == "emit" else None,
        inline=draw(st.booleans()),
        delay=draw(st.sampled_from([0.0, 0.0, 0.0, 20.0])),
    )


@st.composite
def plans(draw: st.DrawFn, *, calm: bool = False) -> Plan:
    """A flow of a few steps, with some of its topics shared."""
    count = draw(st.integers(1, len(STEPS)))
    shared = draw(st.dictionaries(st.sampled_from(TOPICS), st.just(("mail",)), max_size=1))
    return plan(
        *[draw(steps(id, calm=calm)) for id in STEPS[:count]],
        shared=shared,
        limits=Limits(in_flight=draw(st.integers(1, 4))) if calm else draw(limits),
    )


def message(id: int = 1, hops: int = HOPS) -> dict[str, object]:
    """A message as the random handlers understand it."""
    return {"id": id, "hops": hops}


def id_of(data: object) -> int | None:
    """The id in a message; a joined message and that of a failure have none of their own."""
    found = cast("Mapping[str, object]", data).get("id")
    return found if isinstance(found, int) else None


def hops_of(data: object) -> int:
    """How many hops a message has left, wherever in it they are."""
    if isinstance(data, Mapping):
        fields = cast("Mapping[str, object]", data)
        own = fields.get("hops")
        if isinstance(own, int):
            return own
        return max((hops_of(field) for field in fields.values()), default=0)
    if isinstance(data, list):
        return max((hops_of(item) for item in cast("list[object]", data)), default=0)
    return 0
