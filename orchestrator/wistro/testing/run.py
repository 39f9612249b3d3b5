"""One run, as a test sees it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, Protocol

from wistro.contract import CallAnswer, ErrorInfo, Trigger
from wistro.issues import did_you_mean
from wistro.machine.answers import call_answer
from wistro.machine.events import KEEP, MessageArrived, OperatorAsked, PersonActed
from wistro.machine.state import Answer, Outcome, RunState
from wistro.machine.waiting import Waiting, waiting
from wistro.runs import DeliveryView
from wistro.testing.driver import RunDriver
from wistro.testing.tasks import OpenTask, open_tasks
from wistro.values import jsonable


class Project(Protocol):
    """What a run asks of the project it belongs to."""

    @property
    def time(self) -> float:
        """The time on the fake clock, in seconds since the epoch."""
        ...

    async def settle(self) -> None:
        """Let everything happen that needs no time."""
        ...

    async def fork(self, run: HarnessRun, delivery_id: str | None, data: object) -> HarnessRun:
        """Start a new run that makes what the ended one left open."""
        ...

    async def fork_at(self, run: HarnessRun, delivery_id: str, data: object) -> HarnessRun:
        """Start a new run that makes one delivery again, and what follows from it."""
        ...

    def check_answer(self, step: str, data: object) -> None:
        """Refuse what is no answer to a task."""
        ...


class HarnessRun:
    """A run of a flow: ask it what happened, repair it, cancel it."""

    def __init__(self, driver: RunDriver, project: Project) -> None:
        self.driver = driver
        self._project = project

    def __repr__(self) -> str:
        state = self.outcome or f"waiting for {self.waiting.kind}"
        return f"<run {self.run_id} of `{self.flow}`: {state}>"

    # -------------------------------------------------------------------- what it is

    @property
    def flow(self) -> str:
        """The id of its flow."""
        return self.driver.plan.flow

    @property
    def run_id(self) -> str:
        """Its id: 32 hex digits, which is what handlers see as `trace_id`."""
        return self.state.run_id

    @property
    def trigger(self) -> Trigger:
        """What started it."""
        return self.driver.trigger

    @property
    def state(self) -> RunState:
        """The state of its machine."""
        return self.driver.state

    # -------------------------------------------------------------------- how it goes

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; `None` while it runs."""
        return self.state.outcome

    @property
    def error(self) -> ErrorInfo | None:
        """Why it ended, when it did not complete."""
        return self.state.error

    @property
    def waiting(self) -> Waiting:
        """What it waits for."""
        return waiting(self.driver.plan, self.state)

    @property
    def answer(self) -> Answer | None:
        """How the triggered step ended: for an api step, `answer.output` is the HTTP response."""
        return self.state.answer

    @property
    def response(self) -> object:
        """What it answered with `respond`, or `None`."""
        return self.state.response

    @property
    def call_answer(self) -> CallAnswer | None:
        """What those who called it get: its answer, or why there is none; `None` as long as nothing is known."""
        return call_answer(self.driver.plan, self.state)

    @property
    def told(self) -> list[CallAnswer]:
        """Every answer that a response target was told so far: several where a flow answers several times."""
        return list(self.driver.told)

    def tasks(self) -> list[OpenTask]:
        """The tasks that wait for people, in the order in which they were opened."""
        return open_tasks(self.driver.plan, self.state)

    @property
    def notes(self) -> list[str]:
        """What an operator should know: late messages, second answers, topics without receivers."""
        return list(self.state.notes)

    def deliveries(self, step: str | None = None) -> list[DeliveryView]:
        """Its deliveries so far, of one step or of all, as the management API shows them."""
        views = self.driver.records.views(self.state)
        return views if step is None else [view for view in views if view.step == step]

    @property
    def held(self) -> list[DeliveryView]:
        """The deliveries that wait for an operator."""
        return [view for view in self.deliveries() if view.status == "held"]

    def emitted(self, topic: str) -> list[object]:
        """The messages emitted on a topic so far, in order."""
        return [sent.data for sent in self.driver.emissions if sent.topic == topic]

    @property
    def emissions(self) -> list[tuple[str, object]]:
        """Topic and message of everything emitted so far, in order."""
        return [(sent.topic, sent.data) for sent in self.driver.emissions]

    # -------------------------------------------------------------------- what to do with it

    async def send(self, topic: str, data: object = None) -> None:
        """Send it a message from outside: its subscribers get it, and what waits for it."""
        message = jsonable(data)
        self.driver.apply(MessageArrived(at=self._project.time, topic=topic, data=message))
        await self._project.settle()

    async def answer_task(
        self,
        task: OpenTask | str | None = None,
        data: object = None,
        *,
        by: str = "somebody",
        roles: Iterable[str] = (),
        text: str = "",
    ) -> None:
        """Answer a task, as a person does in the inbox.

        Args:
            task: The task, or its step's id; not needed when only one is open.
            data: The answer.
            by: Who answers.
            roles: The roles that they have.
            text: A remark beside the answer.

        Raises:
            InvalidMessage: the answer does not fit the form.
            OperationRefused: they may not answer, or have done so already.
        """
        found, answer = self._task(task), jsonable(data)
        self._project.check_answer(found.step, answer)
        await self._act(found, "answer", by=by, roles=tuple(roles), data=answer, text=text)

    async def comment(
        self,
        task: OpenTask | str | None,
        text: str,
        *,
        by: str = "somebody",
        roles: Iterable[str] = (),
    ) -> None:
        """Say something about a task."""
        await self._act(self._task(task), "comment", by=by, roles=tuple(roles), text=text)

    async def reassign(
        self,
        task: OpenTask | str | None = None,
        *,
        assignees: Iterable[str] | None = None,
        to_roles: Iterable[str] | None = None,
        by: str = "somebody",
        roles: Iterable[str] = (),
    ) -> None:
        """Have others answer a task."""
        await self._act(
            self._task(task),
            "reassign",
            by=by,
            roles=tuple(roles),
            assignees=None if assignees is None else tuple(assignees),
            to_roles=None if to_roles is None else tuple(to_roles),
        )

    async def retry(
        self, delivery: DeliveryView | str | None = None, *, data: object = KEEP
    ) -> HarnessRun:
        """Attempt a delivery again, with other data if given; a run that has ended is forked.

        Args:
            delivery: The delivery, its id or its step's id; not needed when only one is open.
            data: What it gets instead of its message.

        Returns:
            The run that makes the delivery: this one, or the fork.
        """
        id = self._find(delivery)
        data = data if data is KEEP else jsonable(data)
        if self.outcome is not None:
            return await self._project.fork(self, id, data)
        self.driver.apply(
            OperatorAsked(at=self._project.time, action="retry", delivery_id=id, data=data)
        )
        await self._project.settle()
        return self

    async def skip(self, delivery: DeliveryView | str | None = None) -> None:
        """Go on without a held delivery."""
        id = self._find(delivery)
        self.driver.apply(OperatorAsked(at=self._project.time, action="skip", delivery_id=id))
        await self._project.settle()

    async def cancel(self, reason: str = "") -> None:
        """Ask it to end; handlers at work are asked to stop."""
        self.driver.cancel(reason)
        await self._project.settle()

    async def fork(
        self, delivery: DeliveryView | str | None = None, *, data: object = KEEP
    ) -> HarnessRun:
        """Start a run that makes what this one left open, or one of its deliveries again.

        Args:
            delivery: Any delivery, its id or its step's id: the run makes it again, and what
                follows from it. Without one, it goes on from where this run failed.
            data: What the delivery (without one, the only open one) gets instead of its message.

        Raises:
            ForkRefused: when that cannot be.
        """
        data = data if data is KEEP else jsonable(data)
        if delivery is not None:
            return await self._project.fork_at(self, self._any(delivery), data)
        id = None if data is KEEP else self._find(None)
        return await self._project.fork(self, id, data)

    async def continue_as_new(self) -> None:
        """Go on from the state as it looks in storage, as long runs do by themselves.

        Deliveries at work are waited for first: call `advance` when they take time.
        """
        self.driver.drain()
        await self._project.settle()
        if self.driver.machine.running:
            self.driver.release()
            names = ", ".join(f"`{v.step}`" for v in self.deliveries() if v.status == "running")
            raise RuntimeError(f"{names} is at work; hint: `advance` the clock until it is done")
        if self.outcome is None:
            self.driver.continue_as_new()
        await self._project.settle()

    async def _act(
        self,
        task: OpenTask,
        action: Literal["answer", "comment", "attach", "reassign"],
        **what: Any,
    ) -> None:
        event = PersonActed(
            at=self._project.time, delivery_id=task.delivery_id, action=action, **what
        )
        self.driver.apply(event)
        await self._project.settle()

    def _task(self, task: OpenTask | str | None) -> OpenTask:
        if isinstance(task, OpenTask):
            return task
        tasks = self.tasks()
        found = [each for each in tasks if task in (None, each.step, each.delivery_id)]
        if len(found) == 1:
            return found[0]
        wanted = "an open task" if task is None else f"an open task of `{task}`"
        hint = "name one by its id"
        if not found:
            hint = did_you_mean(task or "", sorted({each.step for each in tasks}))
        raise LookupError(f"expected {wanted}, found {len(found)}; hint: {hint}")

    def _any(self, delivery: DeliveryView | str) -> str:
        """The id of a delivery, whatever became of it."""
        if isinstance(delivery, DeliveryView):
            return delivery.delivery_id
        found = [v.delivery_id for v in self.deliveries() if delivery in (v.delivery_id, v.step)]
        if len(found) == 1:
            return found[0]
        hint = "name one by its id" if found else "`deliveries()` lists them"
        raise LookupError(f"expected a delivery of `{delivery}`, found {len(found)}; hint: {hint}")

    def _find(self, delivery: DeliveryView | str | None) -> str:
        """The id of an open delivery."""
        if isinstance(delivery, DeliveryView):
            return delivery.delivery_id
        unfinished = self.state.deliveries.values()
        if delivery in self.state.deliveries:
            return delivery
        found = [d.id for d in unfinished if delivery is None or d.step == delivery]
        if len(found) == 1:
            return found[0]
        wanted = "an open delivery" if delivery is None else f"an open delivery of `{delivery}`"
        names = sorted({d.step for d in unfinished})
        hint = "name one by its id" if found else did_you_mean(delivery or "", names)
        raise LookupError(f"expected {wanted}, found {len(found)}; hint: {hint}")
