"""Says what repairs will do, in plain words. Pure: told from plans and states alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wistro.machine.lineage import steps_after
from wistro.machine.plan import Plan, StepPlan
from wistro.machine.state import Delivery, RunState
from wistro.repairs import MadeAgain, StepMention

_MOST_NAMED = 4


def named(mentions: Sequence[StepMention]) -> str:
    """The names of steps, a few of them: “Pay”, “Pick” and 2 more."""
    shown = [f"“{each.name}”" for each in mentions[:_MOST_NAMED]]
    more = len(mentions) - len(shown)
    return _and([*shown, *([f"{more} more"] if more > 0 else [])])


def mention(plan: Plan, step: str, deliveries: int = 0) -> StepMention:
    """A step by its name."""
    found = plan.steps.get(step)
    return StepMention(step=step, name=found.name if found else step, deliveries=deliveries)


def again(step: StepPlan, delivery: Delivery, *, edited: bool, same_key: bool) -> MadeAgain:
    """How a delivery is made again."""
    return MadeAgain(
        delivery_id=delivery.id,
        step=step.id,
        name=step.name,
        edited=edited,
        same_key=same_key,
        attempts=step.retry.attempts,
        first_delay=step.retry.first_delay,
        on_failure=step.on_failure,
    )


def attempts_sentence(step: StepPlan, *, edited: bool, where: str) -> str:
    """What is made again, with what, and how often it is tried."""
    what = "with the edited input" if edited else "with the same input"
    if step.task is not None:
        return (
            f"“{step.name}” is asked of people again {where}, {what}; earlier answers do not count."
        )
    if step.awaits is not None:
        return f"“{step.name}” waits again {where} for a message on `{step.awaits.topic}`, {what}."
    if step.calls is not None:
        return f"“{step.name}” calls the flow `{step.calls.flow}` again {where}, {what}."
    count, pause = step.retry.attempts, step.retry.first_delay
    tries = (
        "one attempt"
        if count == 1
        else f"up to {count} attempts, the second {seconds(pause)} later"
    )
    return f"“{step.name}” is made again {where}, {what}: {tries}."


def failure_sentence(step: StepPlan) -> str:
    """What happens when it does not succeed."""
    match step.on_failure:
        case "hold":
            then = "it is held again for an operator"
        case "emit":
            then = f"a message on `{step.failure_topic}` tells of it, and the run goes on"
        case "ignore":
            then = "it is ignored, and the run goes on"
        case _:
            then = "the run fails"
    return f"If it does not succeed, {then}."


def stays_sentence(stays: Sequence[StepMention]) -> str | None:
    """What is not repeated."""
    count = sum(each.deliveries for each in stays)
    if not count:
        return None
    what = "one delivery that is" if count == 1 else f"{count} deliveries that are"
    return f"The {what} done will not be repeated: {named(stays)}."


def follows_sentence(follows: Sequence[StepMention], *, anew: bool) -> str:
    """What may come after."""
    if not follows:
        return "Nothing follows from it."
    done = [each for each in follows if each.deliveries]
    if anew and done:
        return f"What follows happens anew: {named(follows)}."
    return f"What may follow: {named(follows)}."


def kept_sentences(plan: Plan, state: RunState) -> list[str]:
    """What the joins of a fork have kept from the run that it comes from."""
    kept = [joining for joining in state.joining.values() if joining.dormant]
    return [
        f"“{plan.steps[each.step].name}” keeps {_messages(len(each.received))} that came from beside it, "
        "and goes on once the rest is there."
        for each in kept
        if each.step in plan.steps
    ]


def missing_sentences(plan: Plan, state: RunState, delivery: Delivery) -> list[str]:
    """What joins after a delivery need from others that are not done: a fork of it alone lacks that."""
    said: list[str] = []
    for id in steps_after(plan, delivery.step):
        if plan.steps[id].join is None:
            continue
        senders = {
            d.step: mention(plan, d.step)
            for d in state.deliveries.values()
            if d.id != delivery.id and id in steps_after(plan, d.step)
        }
        if senders:
            said.append(
                f"“{plan.steps[id].name}” also needs what {named(list(senders.values()))} has not sent yet: "
                "that reaches this run, not the new one."
            )
    return said


def cancel_sentences(plan: Plan, state: RunState) -> list[str]:
    """What ends with a run."""
    found = state.deliveries.values()
    running = [mention(plan, d.step) for d in found if d.status == "running" and d.flow is None]
    tasks = [mention(plan, state.deliveries[id].step) for id in state.tasks]
    others = [d for d in found if d.status not in ("running", "outside")]
    calls = [call for call in state.calls.values() if not call.detached]
    said = ["The run is asked to end. What it has done stays done."]
    if running:
        said.append(
            f"{named(running)} {_is(running)} at work: told to stop, and left after 30 seconds."
        )
    if tasks:
        said.append(
            f"{named(tasks)} {_is(tasks)} taken from the inbox: nobody needs to answer any more."
        )
    if others:
        count = len(others)
        said.append(f"{count} {'delivery' if count == 1 else 'deliveries'} will not be made.")
    if calls:
        said.append(
            f"{len(calls)} called {'run is' if len(calls) == 1 else 'runs are'} cancelled with it."
        )
    said.append("It can be forked afterwards, to go on from where it was.")
    return said


def skip_sentences(plan: Plan, step: StepPlan, follows: Sequence[StepMention]) -> list[str]:
    """What a run does without a delivery."""
    said = [f"The run goes on without “{step.name}”, as if it had emitted nothing."]
    if not follows:
        return said
    said.append(f"What would have followed gets no message from it: {named(follows)}.")
    joins = [each for each in follows if plan.steps[each.step].join is not None]
    if joins:
        said.append(f"{named(joins)} may wait for it in vain, and then {_gives_up(plan, joins)}.")
    return said


def same_plan(one: Plan, other: Plan) -> bool:
    """Whether two builds have the same flow."""
    return replace(one, build="") == replace(other, build="")


def seconds(value: float) -> str:
    """A duration in words of one unit."""
    for size, unit in ((3600.0, "h"), (60.0, "min")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1000:.3g} ms" if 0 < value < 1 else f"{value:.3g} s"


def _gives_up(plan: Plan, joins: Sequence[StepMention]) -> str:
    join = plan.steps[joins[0].step].join
    fails = join is None or join.on_timeout == "fail"
    return "fail" + ("s" if len(joins) == 1 else "") if fails else "go on with what arrived"


def _messages(count: int) -> str:
    return "the message" if count == 1 else f"the {count} messages"


def _is(mentions: Sequence[StepMention]) -> str:
    return "is" if len(mentions) == 1 else "are"


def _and(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
