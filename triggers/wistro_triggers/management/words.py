"""Steps in words: what starts them, what they wait for, how they are attempted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from wistro.policies import Emit
from wistro_triggers.management.cron_words import cron_words
from wistro_triggers.management.site import View

if TYPE_CHECKING:
    from wistro.policies import Join, Policy, Retry, Schedule
    from wistro.project.descriptor import Descriptor, TaskDescriptor

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))
_OVERLAPS = {
    "skip": "left out while the run before is still going",
    "buffer_one": "one waits for the run before to end",
    "buffer_all": "all wait for the run before to end",
    "cancel_other": "cancels the run before, if it is still going",
    "terminate_other": "ends the run before at once, if it is still going",
    "allow_all": "runs beside those that are still going",
}
_FAILURES = {
    "fail": "The run fails",
    "hold": "The delivery is held for an operator, who retries or skips it",
    "ignore": "The delivery is ignored, and the run goes on",
}


class Fact(View):
    """One thing that holds for a step, for people to read."""

    label: str
    text: str
    own: bool = True
    """Whether the step says so itself; else it comes from the project's defaults."""


def duration_words(duration: timedelta) -> str:
    """A duration, in the two largest units that it has: `1 hour 30 minutes`."""
    left = duration.total_seconds()
    parts: list[str] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(_counted(int(count), unit))
    if left or not parts:
        parts.append(f"{left:g} {'second' if left == 1 else 'seconds'}")
    return " ".join(parts[:2])


def trigger_words(step: Descriptor) -> str | None:
    """What starts runs at the step: `POST /orders`, `every day at 03:00 UTC`."""
    if step.api is not None:
        return f"{step.api.method} {step.api.path}"
    if step.cron is not None:
        return cron_words(step.cron.expression, step.cron.schedule.time_zone)
    return "called by others" if step.kind == "call" else None


def join_words(step: Descriptor) -> str | None:
    """What a step waits for before it is delivered to."""
    join = step.join
    if join is None:
        return None
    topics = [f"`{each.topic}`" for each in step.subscribes]
    if join.quorum is None:
        what = f"Waits for all of {_listed(topics)}"
    elif isinstance(join.quorum, int):
        what = f"Waits for {_counted(join.quorum, 'message')} on {_listed(topics, 'or')}"
    else:
        what = f"Waits for as many messages on {_listed(topics, 'or')} as `{join.quorum}` says"
    key = f" with the same `{join.key}`" if join.key else ""
    return what + key + _join_timeout(join)


def _join_timeout(join: Join) -> str:
    if join.timeout is None:
        return ", as long as the run lives"
    then = "goes on with what came" if join.on_timeout == "deliver" else "fails"
    return f", for {duration_words(join.timeout)}; then it {then}"


def join_badge(join: Join) -> str:
    """How many messages a join needs, as short as it fits beside a node."""
    if join.quorum is None:
        return "all"
    return str(join.quorum) if isinstance(join.quorum, int) else "n"


def waiting_words(step: Descriptor) -> str | None:
    """Whom or what a step without a handler waits for."""
    if step.task is not None:
        return f"Answered by {people_words(step.task)}"
    if step.awaits is not None:
        return f"Waits for a message on `{step.awaits.topic}`{_within(step.awaits.timeout)}"
    if step.calls is not None:
        return f"Calls the flow `{step.calls.flow}`{_within(step.calls.timeout)}"
    return None


def people_words(task: TaskDescriptor) -> str:
    """Who may answer a task."""
    named = [f"`{name}`" for name in task.assignees]
    roles = [f"`{role}`" for role in task.roles]
    who = [_listed(named, "or")] if named else []
    who += [f"whoever has the role {_listed(roles, 'or')}"] if roles else []
    return ", or ".join(who) or "anyone"


def detail_facts(step: Descriptor) -> list[Fact]:
    """What only steps of its kind have: their schedule, their task, what they wait for."""
    if step.cron is not None:
        return _schedule_facts(step.cron.expression, step.cron.schedule)
    if step.task is not None:
        return _task_facts(step.task)
    if step.awaits is not None and step.awaits.where:
        return [Fact(label="Which message", text=f"The one for which `{step.awaits.where}` holds")]
    if step.calls is not None and step.calls.detached:
        return [Fact(label="When the run ends", text="The call goes on")]
    if step.api is not None and step.api.mode == "async":
        return [Fact(label="Answer", text="At once, before the step has run")]
    return []


def _schedule_facts(expression: str, schedule: Schedule) -> list[Fact]:
    facts = [
        Fact(label="Schedule", text=_sentence(cron_words(expression, schedule.time_zone))),
        Fact(label="Cron expression", text=f"`{expression}` in `{schedule.time_zone}`"),
        Fact(label="When ticks meet", text=_sentence(_OVERLAPS[schedule.overlap])),
        Fact(label="Missed ticks", text=f"Made up for within {duration_words(schedule.catch_up)}"),
    ]
    if schedule.jitter:
        facts.append(Fact(label="Spread", text=f"Up to {duration_words(schedule.jitter)} later"))
    if schedule.paused:
        facts.append(Fact(label="Paused", text="Until an operator lets it tick"))
    return facts


def _task_facts(task: TaskDescriptor) -> list[Fact]:
    facts = [Fact(label="Who answers", text=_sentence(people_words(task)))]
    if task.approval is not None:
        approval = task.approval
        of = f" of {approval.of}" if approval.of else ""
        veto = "; one refusal is enough to refuse" if approval.veto else ""
        needed = f"{_counted(approval.needed, 'approval')}{of}{veto}"
        facts.append(Fact(label="Needed", text=needed))
    if task.deadline is not None:
        closes = ", and the task is closed" if task.deadline.close else ""
        text = f"{duration_words(task.deadline.after)} after it was opened{closes}"
        facts.append(Fact(label="Deadline", text=text))
        if task.deadline.remind:
            times = [duration_words(each) for each in task.deadline.remind]
            facts.append(Fact(label="Reminders", text=f"After {_listed(times)}"))
    return facts


def policy_facts(step: Descriptor, resolved: Policy) -> list[Fact]:
    """How deliveries are attempted: what the step says and what the project's defaults add."""
    own = step.policy
    facts: list[Fact] = []

    def note(label: str, field: str, text: str) -> None:
        facts.append(Fact(label=label, text=text, own=getattr(own, field) is not None))

    if step.kind == "noop":  # nothing is attempted: somebody answers, or nobody does in time
        note("If it fails", "on_failure", _failure_words(resolved))
        return facts
    if resolved.retry is not None:
        note("Attempts", "retry", _retry_words(resolved.retry))
    if resolved.timeout is not None:
        note("Time for one attempt", "timeout", f"At most {duration_words(resolved.timeout)}")
    note("When they are exhausted", "on_failure", _failure_words(resolved))
    if resolved.delay:
        note("Delay", "delay", f"{duration_words(resolved.delay)} before the first attempt")
    if resolved.concurrency:
        note("At a time", "concurrency", f"{_counted(resolved.concurrency, 'attempt')} per worker")
    if resolved.rate:
        per = duration_words(resolved.rate.per)
        note("Rate", "rate", f"At most {_counted(resolved.rate.count, 'attempt')} in {per}")
    if resolved.heartbeat:
        alive = f"Lost after {duration_words(resolved.heartbeat)} without a sign of life"
        note("Sign of life", "heartbeat", alive)
    if resolved.placement == "inline":
        note("Where it runs", "placement", "Inline, next to the workflow")
    return facts


def _failure_words(policy: Policy) -> str:
    failure = policy.on_failure or "fail"
    return f"`{failure.topic}` is emitted" if isinstance(failure, Emit) else _FAILURES[failure]


def _retry_words(retry: Retry) -> str:
    if retry.attempts == 1:
        return "One, it is never attempted again"
    waits: list[str] = []
    for number in range(min(retry.attempts - 1, 3)):
        wait = min(retry.first_delay * retry.factor**number, retry.max_delay)
        waits.append(duration_words(wait))
    more = ", …" if retry.attempts > 4 else ""
    bound = f", never more than {duration_words(retry.max_delay)}" if more else ""
    terminal = [f"`{name}`" for name in retry.terminal]
    never = f". Never again after {_listed(terminal, 'or')}" if terminal else ""
    return f"{retry.attempts}, with waits of {', '.join(waits)}{more}{bound}{never}"


def _within(timeout: timedelta | None) -> str:
    return f", for {duration_words(timeout)}" if timeout else ""


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _listed(words: list[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
