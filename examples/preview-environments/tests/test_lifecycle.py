"""The rules of an environment's life, under every order in which deliveries may meet."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from previews.model import Environment, EnvironmentType, Status, environment_id
from steps.environments import lifecycle
from steps.environments.lifecycle import Busy, Claim, Done

from .makers import branch, wanted

NOW = datetime(2025, 1, 1, tzinfo=UTC)


def created(by: str = "a") -> Environment:
    decision = lifecycle.create(wanted(), [], by, NOW)
    assert isinstance(decision, Claim)
    return decision.environment


def running(by: str = "a") -> Environment:
    return lifecycle.running(created(by), "http://127.0.0.1:1")


def stopped(by: str = "z") -> Environment:
    claim = lifecycle.stop(running(), "closed", by)
    assert isinstance(claim, Claim)
    return lifecycle.stopped(claim.environment, by, NOW)


def test_a_wanted_environment_is_claimed_and_started() -> None:
    claim = created()
    assert claim.status is Status.STARTING
    assert (claim.revision, claim.by, claim.url) == (1, "a", None)
    assert running().status is Status.RUNNING


def test_one_that_runs_is_kept() -> None:
    assert lifecycle.create(wanted(), [running()], "b", NOW) == Done(running())


def test_one_that_is_stopped_stays_so_and_the_next_one_has_its_own_id() -> None:
    decision = lifecycle.create(wanted(), [stopped()], "b", NOW)
    assert isinstance(decision, Claim)
    assert decision.environment.id == environment_id(wanted(), 2) != stopped().id


def test_one_that_is_about_to_stop_is_waited_for() -> None:
    stopping = lifecycle.stop(running(), "closed", "b")
    assert isinstance(stopping, Claim)
    assert lifecycle.create(wanted(), [stopping.environment], "c", NOW) == Busy(
        stopping.environment
    )


def test_production_and_preview_of_one_branch_are_two_environments() -> None:
    production = wanted(type=EnvironmentType.PRODUCTION)
    assert isinstance(lifecycle.create(production, [running()], "b", NOW), Claim)


@pytest.mark.parametrize("name", ["a/b", "a-b", "A b", "ä", "-", "x" * 200])
def test_ids_are_host_names_and_differ(name: str) -> None:
    other = environment_id(wanted(on=branch("a_b")), 1)
    found = environment_id(wanted(on=branch(name)), 1)
    assert found != other
    assert found.replace("-", "").isalnum()
    assert found.isascii()
    assert len(found) <= 63


def test_a_retried_creation_goes_on_with_its_own_claim_and_tells_of_its_own_work() -> None:
    assert lifecycle.create(wanted(), [created("a")], "a", NOW) == Claim(created("a"), created("a"))
    assert lifecycle.create(wanted(), [running("a")], "a", NOW) == Done(running("a"), mine=True)


def test_a_retried_creation_that_was_stopped_meanwhile_creates_no_other() -> None:
    assert lifecycle.create(wanted(), [stopped()], "a", NOW) == Done(stopped())


def test_a_restart_has_the_next_revision_and_the_new_commit() -> None:
    decision = lifecycle.restart(running(), "d" * 40, "b")
    assert isinstance(decision, Claim)
    claim = decision.environment
    assert (claim.revision, claim.commit, claim.status) == (2, "d" * 40, Status.RESTARTING)
    assert lifecycle.restart(claim, "d" * 40, "b") == Claim(claim, claim)
    assert lifecycle.restart(claim, "e" * 40, "c") == Busy(claim)
    done = lifecycle.running(claim, "http://127.0.0.1:2")
    assert lifecycle.restart(done, "d" * 40, "b") == Done(done, mine=True)


def test_what_is_stopped_is_not_restarted() -> None:
    assert lifecycle.restart(stopped(), "d" * 40, "b") == Done(stopped())


def test_stopping_takes_over_from_anybody_and_helps_whoever_began() -> None:
    decision = lifecycle.stop(created(), "closed", "b")
    assert isinstance(decision, Claim)
    helped = lifecycle.stop(decision.environment, "too old", "c")
    assert helped == Claim(decision.environment, decision.environment)
    end = lifecycle.stopped(decision.environment, "c", NOW)
    assert lifecycle.stop(end, "closed", "b") == Done(end)
    assert lifecycle.stop(end, "too old", "c") == Done(end, mine=True)


def test_age() -> None:
    old = running().model_copy(update={"limit": timedelta(hours=1)})
    assert not old.outlived(NOW + timedelta(hours=1))
    assert old.outlived(NOW + timedelta(hours=1, seconds=1))
    assert not running().outlived(NOW + timedelta(days=999))
    assert not stopped().model_copy(update={"limit": timedelta(0)}).outlived(NOW + timedelta(1))
    assert stopped().lived(NOW + timedelta(days=1)) == timedelta(0)


# ------------------------------------------------------------------------------------ races


@dataclass
class World:
    """A state and a target that only the deliveries below touch, one small step at a time."""

    records: dict[str, Environment] = field(default_factory=dict[str, Environment])
    processes: dict[str, int] = field(default_factory=dict[str, int])
    told: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def replace(self, before: Environment | None, after: Environment) -> bool:
        if self.records.get(after.id) != before:
            return False
        self.records[after.id] = after
        return True


def deliver(world: World, kind: str, by: str) -> Generator[None, None, None]:
    """What `Environments` does, with a place to be interrupted before each effect."""
    while True:
        yield
        existing = list(world.records.values())
        if kind == "create":
            decision = lifecycle.create(wanted(), existing, by, NOW)
        else:
            alive = [it for it in existing if not it.stopped]
            mine = [it for it in existing if by in it.deliveries]
            if not alive and not mine:
                return
            target = (mine or alive)[-1]
            decision = (
                lifecycle.stop(target, "closed", by)
                if kind == "stop"
                else lifecycle.restart(target, by, by)
            )
        if isinstance(decision, Busy):
            continue
        if isinstance(decision, Done):
            if decision.environment.ending:
                yield
                world.processes.pop(decision.environment.id, None)
            if decision.mine:
                world.told.append((kind, by))
            return
        claim = decision.environment
        yield
        if not world.replace(decision.before, claim):
            continue
        yield
        if kind == "stop":
            world.processes.pop(claim.id, None)
            settled = lifecycle.stopped(claim, by, NOW)
        else:
            world.processes[claim.id] = max(claim.revision, world.processes.get(claim.id, 0))
            settled = lifecycle.running(claim, "http://127.0.0.1:1")
        yield
        if world.replace(claim, settled):
            yield  # a crash here repeats what is done already
            world.told.append((kind, by))
            return


@settings(max_examples=300)
@given(
    kinds=st.lists(st.sampled_from(["create", "create", "restart", "stop"]), max_size=5),
    schedule=st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=60),
)
def test_whatever_the_order_and_the_crashes(
    kinds: list[str], schedule: list[tuple[int, bool]]
) -> None:
    """Deliveries are interleaved at will; `True` kills one, which then starts over."""
    world = World()
    kinds = ["create", *kinds]
    open_ = {n: deliver(world, kind, str(n)) for n, kind in enumerate(kinds)}
    turns = [(n, crash) for n, crash in schedule if n < len(kinds)]
    turns += [(n, False) for _ in range(60) for n in range(len(kinds))]
    for number, crash in turns:
        if number not in open_:
            continue
        if crash:
            open_[number] = deliver(world, kinds[number], str(number))
        elif next(open_[number], StopIteration) is StopIteration:
            del open_[number]
    assert not open_, "every delivery comes to an end"
    alive = [it for it in world.records.values() if not it.stopped]
    assert len(alive) <= 1
    assert world.processes == {it.id: it.revision for it in alive}
    assert len(set(world.told)) == len(world.told)
    stops = sum(kind == "stop" for kind, _ in world.told)
    assert stops == len(world.records) - len(alive), "each end was told once"
