"""Repairs of runs: what one will do, told before anything is done, and then the repair itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from wistro import foresight
from wistro.credentials import put_back_credentials
from wistro.errors import EngineUnavailable, InvalidMessage, Issue, RunError, RunNotFound
from wistro.expressions import CelExpressions
from wistro.machine.events import KEEP, OperatorAsked
from wistro.machine.lineage import Made, followed_from, steps_after
from wistro.machine.operators import OperationRefused, check
from wistro.machine.plan import Plan
from wistro.machine.state import Delivery
from wistro.repairs import RepairAction, RepairPreview, StepMention, WrongField
from wistro.schemas import SchemaCheck
from wistro.temporal import wire
from wistro.temporal.host.answers import Answers
from wistro.temporal.host.forking import Past, begin_fork, read_past

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine, Started

_DATA = "data"


class Repairs:
    """Repairs the runs of a project, after saying what will happen.

    Raises (any operation): as the engine does.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def preview(
        self,
        flow: str,
        run_id: str,
        action: RepairAction,
        *,
        delivery_id: str | None = None,
        data: object = KEEP,
    ) -> RepairPreview:
        """What a repair will do; one that cannot be done says why.

        Raises:
            RunNotFound: when there is no such run.
            EngineUnavailable: when no worker answers for it.
        """
        about = RepairPreview(action=action, flow=flow, run_id=run_id, delivery_id=delivery_id)
        try:
            if action == "redeliver":
                return await self._redelivery(about)
            past = await read_past(self._engine, flow, run_id)
            about = about.model_copy(update={"version": past.snapshot.plan.build})
            match action:
                case "cancel":
                    return _cancelling(about, past)
                case "skip":
                    return _skipping(about, past)
                case _:
                    alone = action == "fork"
                    if alone or past.state.outcome is not None:
                        return self._forking(about, past, data, alone=alone)
                    return self._retrying(about, past, data)
        except EngineUnavailable:
            raise
        except (OperationRefused, RunError) as refused:
            if isinstance(refused, RunNotFound):
                raise
            reason = refused.message if isinstance(refused, RunError) else str(refused)
            return about.model_copy(update={"possible": False, "refusal": _sentence(reason)})

    async def retry(
        self,
        flow: str,
        run_id: str,
        delivery_id: str,
        *,
        data: object = KEEP,
        by: str | None = None,
    ) -> Started:
        """As `Engine.retry`; an edited input that does not fit is refused.

        Raises:
            InvalidMessage: each issue names its field below `data`.
        """
        if data is not KEEP:
            data = await self._checked(flow, run_id, delivery_id, data)
        return await self._engine.retry(flow, run_id, delivery_id, data=data, by=by)

    async def fork(
        self,
        flow: str,
        run_id: str,
        *,
        delivery_id: str | None = None,
        data: object = KEEP,
        by: str | None = None,
    ) -> Started:
        """As `Engine.fork`; an edited input that does not fit is refused.

        Raises:
            InvalidMessage: each issue names its field below `data`.
        """
        if data is not KEEP:
            data = await self._checked(flow, run_id, delivery_id, data)
        return await self._engine.fork(flow, run_id, delivery_id=delivery_id, data=data, by=by)

    async def _checked(
        self, flow: str, run_id: str, delivery_id: str | None, data: object
    ) -> object:
        """An edited input that fits, with what is not shown of the one before."""
        snapshot = await self._engine.snapshot(flow, run_id)
        open_ones = snapshot.state.deliveries
        if delivery_id is None and len(open_ones) == 1:
            delivery_id = next(iter(open_ones))
        before: Delivery | Made | None = open_ones.get(delivery_id or "")
        if before is None:
            past = await read_past(self._engine, flow, run_id)
            before = past.made.get(delivery_id or "")
        if before is None:
            return data  # what follows refuses it
        if issues := self.issues(before.step, before.topic, data):
            listed = "; ".join(f"`{issue.field}`: {issue.message}" for issue in issues[:5])
            raise InvalidMessage(
                f"the edited input does not fit what `{before.step}` takes: {listed}",
                issues=issues,
                hint="nothing was done; mend these fields and try again",
            )
        return put_back_credentials(data, before.data)

    def issues(self, step: str, topic: str | None, data: object) -> list[Issue]:
        """What is wrong with an input of a step, by the project of today."""
        takes = self._takes(step, topic)
        if takes is not None:
            return SchemaCheck(takes).issues(data, root=_DATA)
        known = self._engine.lock.steps.get(step)
        if known is None or known.kind != "api" or known.input is None:
            return []
        given = cast("dict[str, object]", data) if isinstance(data, dict) else {}
        return SchemaCheck(known.input).issues(given.get("body"), root=f"{_DATA}.body")

    def _takes(self, step: str, topic: str | None) -> Mapping[str, object] | None:
        """The schema of what a step is handed; an api step declares only that of a body."""
        lock = self._engine.lock
        known = lock.steps.get(step)
        if known is not None and known.kind in ("event", "call") and known.input is not None:
            return known.input
        declared = lock.topics.get(topic or "")
        return None if declared is None else declared.message

    # What will happen

    def _forking(
        self, about: RepairPreview, past: Past, data: object, *, alone: bool
    ) -> RepairPreview:
        """A new run, which makes one delivery again, or all that the run left open."""
        start = begin_fork(
            self._engine, past, delivery_id=about.delivery_id, data=data, alone=alone
        )
        assert start.state is not None
        plan = start.plan
        made = [d for d in start.state.deliveries.values() if d.step in plan.steps]
        edited = about.delivery_id if data is not KEEP else None
        one = alone and about.delivery_id is not None
        stays = _stays(past, about.delivery_id if one else None)
        follows = _follows(plan, past, made)
        said = ["It becomes a new run, linked to this one, which stays as it is."]
        said += [
            foresight.attempts_sentence(plan.steps[d.step], edited=d.id == edited, where="there")
            for d in made
        ]
        if len(made) == 1:
            said.append(foresight.failure_sentence(plan.steps[made[0].step]))
        if stays and (sentence := foresight.stays_sentence(stays)):
            said.append(sentence)
        said += foresight.kept_sentences(plan, start.state)
        said.append(foresight.follows_sentence(follows, anew=one))
        changed = not foresight.same_plan(past.snapshot.plan, self._today(past))
        update = {
            "sentences": [*said, *self._plan_sentence(past, start, changed=changed)],
            "warnings": _warnings(past, made, follows, edited=data is not KEEP) if one else [],
            "new_run": True,
            "again": [
                foresight.again(
                    plan.steps[d.step], d, edited=d.id == edited, same_key=d.origin is not None
                )
                for d in made
            ],
            "stays": stays,
            "may_follow": follows,
            "plan_changed": changed,
            "version_used": plan.build,
        }
        return self._edited(about.model_copy(update=update), made, data)

    def _retrying(self, about: RepairPreview, past: Past, data: object) -> RepairPreview:
        """The same run makes a delivery that is held, or that waits, again."""
        delivery = _checked(about, past, "retry")
        plan = past.snapshot.plan
        step = plan.steps[delivery.step]
        follows, stays = _follows(plan, past, [delivery]), _stays(past, None)
        said = [
            foresight.attempts_sentence(step, edited=data is not KEEP, where="in this run"),
            foresight.failure_sentence(step),
            *([foresight.stays_sentence(stays) or ""] if stays else []),
            foresight.follows_sentence(follows, anew=False),
        ]
        changed = not foresight.same_plan(plan, self._today(past))
        if changed:
            said.append("The flow has changed since: this run keeps the one that it began with.")
        update = {
            "sentences": said,
            "again": [
                foresight.again(step, delivery, edited=data is not KEEP, same_key=data is KEEP)
            ],
            "stays": stays,
            "may_follow": follows,
            "plan_changed": changed,
            "version_used": plan.build,
        }
        return self._edited(about.model_copy(update=update), [delivery], data)

    def _edited(self, about: RepairPreview, made: list[Delivery], data: object) -> RepairPreview:
        """With what the input may be, and what is wrong with the edited one."""
        chosen = [d for d in made if about.delivery_id in (None, d.id)]
        if len(chosen) != 1:
            return about
        takes = self._takes(chosen[0].step, chosen[0].topic)
        about = about.model_copy(update={"takes": None if takes is None else dict(takes)})
        if data is KEEP:
            return about
        issues = self.issues(chosen[0].step, chosen[0].topic, data)
        if not issues:
            return about
        wrong = [WrongField(field=issue.field, message=issue.message) for issue in issues]
        reason = f"The edited input does not fit what “{_name(about, chosen[0])}” takes."
        return about.model_copy(update={"possible": False, "refusal": reason, "issues": wrong})

    async def _redelivery(self, about: RepairPreview) -> RepairPreview:
        try:
            answers = await Answers(self._engine).show(about.flow, about.run_id)
        except RunNotFound:
            raise RunError("the run has no answer that is or was on its way to somebody") from None
        latest = answers[-1]
        said = [
            f"The answer is sent to {latest.target} once more. The run itself does nothing again.",
            "It keeps its delivery id, by which a receiver tells that it has had it before.",
        ]
        if latest.status == "delivered":
            said.append(
                "It was delivered before: a receiver that does not look at ids gets it twice."
            )
        return about.model_copy(update={"sentences": said})

    def _today(self, past: Past) -> Plan:
        return self._engine.catalogue.plan(past.flow)

    def _plan_sentence(self, past: Past, start: wire.RunInput, *, changed: bool) -> list[str]:
        if not changed:
            return []
        if start.plan.build == past.snapshot.plan.build:
            gone = "Today's flow lacks a step that is needed"
            return [f"{gone}: it goes by the flow that this run began with, and needs its worker."]
        return ["The flow has changed since this run began: it goes by the flow of today."]


def _cancelling(about: RepairPreview, past: Past) -> RepairPreview:
    if past.state.outcome is not None:
        raise RunError("the run has ended already")
    said = foresight.cancel_sentences(past.snapshot.plan, past.state)
    return about.model_copy(update={"sentences": said})


def _skipping(about: RepairPreview, past: Past) -> RepairPreview:
    delivery, plan = _checked(about, past, "skip"), past.snapshot.plan
    step = plan.steps.get(delivery.step)
    if step is None:
        said = [f"The message to the flow `{delivery.flow}` is not sent: no run starts there."]
        return about.model_copy(update={"sentences": said})
    follows = _follows(plan, past, [delivery])
    said = foresight.skip_sentences(plan, step, follows)
    return about.model_copy(update={"sentences": said, "may_follow": follows})


def _checked(about: RepairPreview, past: Past, action: RepairAction) -> Delivery:
    """The delivery, which an operator may repair that way now."""
    open_ones = past.state.deliveries
    chosen = about.delivery_id
    if chosen is None:
        held = [id for id, delivery in open_ones.items() if delivery.status == "held"]
        if len(held) != 1:
            raise RunError("say which delivery; the run shows them")
        chosen = held[0]
    event = OperatorAsked(at=0, action="skip" if action == "skip" else "retry", delivery_id=chosen)
    check(past.state, event)
    return open_ones[chosen]


def _stays(past: Past, delivery_id: str | None) -> list[StepMention]:
    """What the run has completed, but for what followed from the delivery that is made again."""
    plan, made = past.snapshot.plan, past.made
    redone: set[str] = set()
    if delivery_id is not None:
        redone = followed_from(delivery_id, plan, made, CelExpressions()).ids
    open_ones = past.state.deliveries
    done = Counter(each.step for id, each in made.items() if id not in redone | set(open_ones))
    return [foresight.mention(plan, step, count) for step, count in done.items()]


def _follows(plan: Plan, past: Past, deliveries: list[Delivery]) -> list[StepMention]:
    """The steps that may come after these deliveries."""
    steps = dict.fromkeys(after for d in deliveries for after in steps_after(plan, d.step))
    counts = Counter(each.step for each in past.made.values())
    return [foresight.mention(plan, step, counts[step]) for step in steps]


def _warnings(
    past: Past, made: list[Delivery], follows: list[StepMention], *, edited: bool
) -> list[str]:
    """What can happen twice by a fork."""
    (delivery,) = made
    still = past.state.deliveries.get(delivery.id)
    said: list[str] = []
    if still is None:
        key = "it gets a new one, as its input is edited" if edited else "it stays the same"
        said.append(
            "It was completed before: what it does outside can happen twice, unless the service goes by "
            f"the idempotency key ({key})."
        )
        if any(each.deliveries for each in follows):
            said.append("So can what followed from it, which happens anew with keys of its own.")
    elif past.state.outcome is None:
        said.append(
            "This run still has it to do as well. To have it made only once, retry it instead."
        )
    return said


def _name(about: RepairPreview, delivery: Delivery) -> str:
    return next((e.name for e in about.again if e.delivery_id == delivery.id), delivery.step)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
