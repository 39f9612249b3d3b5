"""Compiles a flow of the lock to the plan that its runs carry."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Literal

from wistro.errors import RunError, SetupError
from wistro.issues import did_you_mean
from wistro.machine.plan import (
    ApprovalPlan,
    AwaitPlan,
    CallPlan,
    JoinPlan,
    Limits,
    OnFailure,
    OutcomePlan,
    Plan,
    RetryPlan,
    StepPlan,
    SubscriptionPlan,
    TaskPlan,
)
from wistro.policies import Await, CallFlow, Emit, Join, Policy, Retry
from wistro.project.callables import callable_flow
from wistro.project.descriptor import Descriptor, Language
from wistro.project.graph import TRIGGER_KINDS
from wistro.project.lock import Lock


def compile_plan(lock: Lock, flow: str) -> Plan:
    """The plan of a flow.

    Raises:
        SetupError: the lock has no such flow.
    """
    if flow not in lock.flows:
        raise SetupError(
            f"the lock has no flow `{flow}`",
            code="flow_not_found",
            hint=did_you_mean(flow, tuple(lock.flows)),
        )
    limits = lock.flows[flow].limits or lock.limits
    # By Motia's rules flows are for drawing: a message reaches every subscriber, in one run.
    members = lock.steps if lock.motia else lock.flows[flow].steps
    steps = {id: _step(lock, lock.steps[id]) for id in members}
    return Plan(
        project=lock.project,
        flow=flow,
        build=lock.build,
        steps=steps,
        shared=_shared(lock, flow, steps),
        limits=Limits(
            deliveries=limits.deliveries,
            in_flight=limits.in_flight,
            timeout=None if limits.timeout is None else limits.timeout.total_seconds(),
            history_events=limits.history_events,
        ),
        responses=_responses(lock, flow),
    )


def _responses(lock: Lock, flow: str) -> Literal["one", "many"]:
    found = lock.flows[flow].callable
    return "one" if found is None else found.responses


def queue_of(lock: Lock, step: str) -> str:
    """The task queue of a step: its own when it limits its rate or concurrency.

    Python steps share the queue of runs; the other languages have a queue each.
    """
    policy, language = lock.steps[step].policy, lock.steps[step].language
    if policy.rate is not None or policy.concurrency is not None:
        return f"{lock.project}.steps.{step}"
    return language_queue(lock.project, language)


def language_queue(project: str, language: Language) -> str:
    """The task queue of a language: Python shares that of runs."""
    return f"{project}.runs" if language == "python" else f"{project}.steps.{language}"


def _step(lock: Lock, step: Descriptor) -> StepPlan:
    policy = lock.policy(step.id)
    queue = queue_of(lock, step.id)
    on_failure, failure_topic = _on_failure(policy)
    emits = [emit.topic for emit in step.emits]
    return StepPlan(
        id=step.id,
        name=step.name,
        kind=step.kind,
        queue=queue,
        # A worker's limits are those of a queue: what runs next to the workflow escapes them.
        inline=policy.placement == "inline" and queue == f"{lock.project}.runs",
        subscribes=tuple(SubscriptionPlan(topic=s.topic, where=s.where) for s in step.subscribes),
        join=_join(step.join) if step.join else None,
        emits=tuple(dict.fromkeys(emits)),
        retry=_retry(policy.retry or Retry()),
        on_failure=on_failure,
        failure_topic=failure_topic,
        timeout=_seconds(policy.timeout),
        heartbeat=_seconds(policy.heartbeat),
        delay=_seconds(policy.delay),
        task=_task(step),
        awaits=step.awaits and _awaits(step.awaits),
        calls=step.calls and _calls(lock, step, step.calls),
        outcomes=_outcomes(step),
    )


def _task(step: Descriptor) -> TaskPlan | None:
    if (task := step.task) is None:
        return None
    approval, deadline = task.approval, task.deadline
    return TaskPlan(
        assignees=task.assignees,
        roles=task.roles,
        approval=None
        if approval is None
        else ApprovalPlan(
            needed=approval.needed, of=approval.of, veto=approval.veto, where=approval.where
        ),
        deadline=None if deadline is None else _seconds(deadline.after),
        close=deadline is not None and deadline.close,
        reminders=() if deadline is None else tuple(_seconds(each) for each in deadline.remind),
        opened_topic=task.notify,
        reminder_topic=deadline and deadline.reminder,
        escalation_topic=deadline and deadline.escalation,
    )


def _awaits(awaits: Await) -> AwaitPlan:
    timeout = awaits.timeout
    return AwaitPlan(
        topic=awaits.topic,
        where=awaits.where,
        timeout=None if timeout is None else _seconds(timeout),
    )


def _calls(lock: Lock, step: Descriptor, calls: CallFlow) -> CallPlan:
    timeout = calls.timeout
    flow = calls.flow
    with suppress(RunError):  # `wistro check` says so, and the call fails with the reason
        flow = callable_flow(lock, flow, app=step.app)
    return CallPlan(
        flow=flow,
        timeout=None if timeout is None else _seconds(timeout),
        detached=calls.detached,
    )


def _outcomes(step: Descriptor) -> tuple[OutcomePlan, ...]:
    if step.kind != "noop" or not step.runs:
        return ()
    told = set[str | None]()
    if step.task is not None:
        deadline = step.task.deadline
        told = {step.task.notify, *((deadline.reminder, deadline.escalation) if deadline else ())}
    return tuple(
        OutcomePlan(topic=emit.topic, where=emit.where)
        for emit in step.emits
        if emit.topic not in told
    )


def _shared(lock: Lock, flow: str, steps: dict[str, StepPlan]) -> dict[str, tuple[str, ...]]:
    """The other flows that a message of this one starts a run of, or whose runs wait for it.

    A flow whose only subscribers are in this flow too gets none: they have the message already.
    """
    emitted = {topic for step in steps.values() for topic in step.emits}
    emitted |= {step.failure_topic for step in steps.values() if step.failure_topic}
    found: dict[str, tuple[str, ...]] = {}
    for topic in sorted(emitted):
        said = lock.topics[topic]
        receivers = (*said.subscribers, *said.awaited_by)
        others = (lock.steps[id] for id in receivers if id not in steps)
        flows = {name for step in others if step.runs for name in step.flows}
        if not said.shared:
            flows &= _fellows(lock, flow, topic)
        if flows:
            found[topic] = tuple(sorted(flows))
    return found


def _fellows(lock: Lock, flow: str, topic: str) -> set[str]:
    """The flows that everything here that emits the topic triggers too.

    A trigger starts a run of its first flow; what it emits reaches its other flows from there.
    """
    emitters = [lock.steps[id] for id in lock.topics[topic].emitters]
    here = [step for step in emitters if flow in step.flows]
    if not all(step.kind in TRIGGER_KINDS and step.flows[0] == flow for step in here):
        return set()
    together = {name for step in here for name in step.flows}
    return {name for name in together if all(name in step.flows for step in here)} - {flow}


def _on_failure(policy: Policy) -> tuple[OnFailure, str | None]:
    if isinstance(policy.on_failure, Emit):
        return "emit", policy.on_failure.topic
    return policy.on_failure or "fail", None


def _retry(retry: Retry) -> RetryPlan:
    return RetryPlan(
        attempts=retry.attempts,
        first_delay=retry.first_delay.total_seconds(),
        factor=retry.factor,
        max_delay=retry.max_delay.total_seconds(),
        terminal=tuple(str(name) for name in retry.terminal),
    )


def _join(join: Join) -> JoinPlan:
    return JoinPlan(
        key=join.key,
        quorum=join.quorum,
        timeout=None if join.timeout is None else join.timeout.total_seconds(),
        on_timeout=join.on_timeout,
    )


def _seconds(value: timedelta | None) -> float:
    return 0.0 if value is None else value.total_seconds()
