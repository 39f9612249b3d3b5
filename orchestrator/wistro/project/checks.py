"""Checks a project: every finding names the file, the field, what is wrong and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from cronsim import CronSim, CronSimError

from wistro.expressions import ExpressionError, compile_expression
from wistro.issues import closest
from wistro.project.agreement import disagreement
from wistro.project.compile import in_words
from wistro.project.descriptor import LANGUAGES, Descriptor, StreamDescriptor
from wistro.project.graph import TRIGGER_KINDS, Graph
from wistro.project.responses import TooManyWays, ways
from wistro.schemas import json_schema

SETTINGS = "wistro.yml"

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that a check found."""

    severity: Severity
    code: str
    """A word for programs."""
    file: str
    """The step file, or `wistro.yml`."""
    field: str | None
    message: str
    hint: str
    step: str | None = None
    """The path of the step or stream that cannot be used because of it, and is left out."""


Check = Callable[[Graph], Iterator[Finding]]


def check_steps(graph: Graph) -> tuple[Finding, ...]:
    """What makes single steps unusable: such a step is left out, and the rest go on."""
    return _run(
        graph, (_duplicate_ids, _duplicate_streams, _crons, _expressions, _approvals, _routes)
    )


def check_project(graph: Graph) -> tuple[Finding, ...]:
    """What is wrong with the project as a whole, once unusable steps are left out."""
    checks = (
        _flows,
        _calls,
        _answers,
        _subscriptions,
        _emissions,
        _agreements,
        _queues,
        _unused_topics,
        _names,
    )
    return _run(graph, checks)


def _run(graph: Graph, checks: tuple[Check, ...]) -> tuple[Finding, ...]:
    found = (finding for check in checks for finding in check(graph))
    return tuple(sorted(found, key=lambda f: (f.file, f.field or "", f.code, f.message)))


def _error(step: Descriptor, code: str, field: str, message: str, hint: str) -> Finding:
    return Finding(
        severity="error", code=code, file=step.path, field=field, message=message, hint=hint
    )


def _unusable(step: Descriptor, code: str, field: str, message: str, hint: str) -> Finding:
    return Finding(
        severity="error",
        code=code,
        file=step.path,
        field=field,
        message=message,
        hint=hint,
        step=step.path,
    )


def _warning(step: Descriptor, code: str, field: str, message: str, hint: str) -> Finding:
    return Finding(
        severity="warning", code=code, file=step.path, field=field, message=message, hint=hint
    )


# ------------------------------------------------------------------------------------ single steps


def _duplicate_ids(graph: Graph) -> Iterator[Finding]:
    first: dict[str, Descriptor] = {}
    for step in sorted(graph.steps, key=lambda each: each.path):
        known = first.setdefault(step.id, step)
        if known is not step:
            yield _unusable(
                step,
                "duplicate_id",
                "id",
                f"the id `{step.id}` is already that of `{known.path}`",
                "rename one of the files, or give one of the configs an `id` of its own",
            )


def _duplicate_streams(graph: Graph) -> Iterator[Finding]:
    first: dict[str, StreamDescriptor] = {}
    for stream in sorted(graph.streams, key=lambda each: each.path):
        known = first.setdefault(stream.name, stream)
        if known is not stream:
            yield Finding(
                severity="error",
                code="duplicate_stream",
                file=stream.path,
                field="name",
                message=f"the stream `{stream.name}` is already in `{known.path}`",
                hint="rename one of them",
                step=stream.path,
            )


def _crons(graph: Graph) -> Iterator[Finding]:
    for step in graph.steps:
        if step.cron is None:
            continue
        expression = step.cron.expression
        problem = None
        fields = len(expression.split())
        # By Motia's rules a sixth one may stand before them: the seconds.
        if fields != 5 and not (graph.settings.motia and fields == 6):
            problem = f"expected five fields, found {fields}"
        else:
            try:
                next(CronSim(expression, datetime(2024, 1, 1, tzinfo=UTC)))
            except CronSimError as error:
                problem = str(error) or "one of its fields is out of range"
        if problem:
            yield _unusable(
                step,
                "bad_cron",
                "cron",
                f"`{expression}` is not a cron expression: {problem}",
                "write minute, hour, day, month and weekday: `0 3 * * 1` is Mondays at three",
            )


def _expressions(graph: Graph) -> Iterator[Finding]:
    for step in graph.steps:
        texts = [(f"subscribes[{i}].where", each.where) for i, each in enumerate(step.subscribes)]
        texts += [(f"emits[{i}].where", each.where) for i, each in enumerate(step.emits)]
        if step.awaits:
            texts += [("await.where", step.awaits.where)]
        if step.task and step.task.approval:
            texts += [("approval.where", step.task.approval.where)]
        if step.join:
            quorum = step.join.quorum
            texts += [("join.key", step.join.key)]
            texts += [("join.quorum", quorum if isinstance(quorum, str) else None)]
        for field, text in texts:
            if text is None:
                continue
            try:
                compile_expression(text)
            except ExpressionError as error:
                yield _unusable(
                    step,
                    "bad_expression",
                    field,
                    re.sub(
                        r"INVALID_ARGUMENT: ERROR: <input>:|\n.*", "", str(error), flags=re.DOTALL
                    ),
                    "write CEL over `message` and `request`, such as `message.order == request.id`"
                    if field == "await.where"
                    else "write CEL over `message`, such as `message.total > 100`",
                )


def _approvals(graph: Graph) -> Iterator[Finding]:
    """Whoever may answer a task can also decide it."""
    for step in graph.steps:
        task = step.task
        if task is None or task.approval is None or task.roles or not task.assignees:
            continue
        people, approval = len(set(task.assignees)), task.approval
        field = "of" if approval.of is not None and approval.of > people else "needed"
        wanted = approval.of if field == "of" else approval.needed
        if wanted is not None and wanted > people:
            yield _unusable(
                step,
                "too_few_approvers",
                f"approval.{field}",
                f"`{field}` is {wanted}, and the task is assigned to {people} people",
                "assign it to more people or to a role, or ask for fewer approvals",
            )


_RESERVED = re.compile(r"/_wistro(/|$)|/docs$|/openapi\.json$")


def _routes(graph: Graph) -> Iterator[Finding]:
    first: dict[tuple[str, str], Descriptor] = {}
    for step in sorted(graph.steps, key=lambda each: each.path):
        if step.api is None:
            continue
        route = f"{step.api.method} {step.api.path}"
        if _RESERVED.match(step.api.path):
            yield _unusable(
                step,
                "reserved_route",
                "path",
                f"`{step.api.path}` is a path of Wistro itself",
                "choose another path: `/_wistro`, `/docs` and `/openapi.json` are taken",
            )
            continue
        if problem := _bad_path(step.api.path):
            hint = "write parameters as `/orders/{id}` or `/orders/:id`, each a whole part"
            message = f"`{step.api.path}` is not a path: {problem}"
            yield _unusable(step, "bad_route", "path", message, hint)
            continue
        # Which name a parameter has makes no difference to what a request matches.
        shape = re.sub(r"\{[^}]*\}", "{}", step.api.path).rstrip("/")
        known = first.setdefault((step.api.method, shape), step)
        if known is not step:
            yield _unusable(
                step,
                "duplicate_route",
                "path",
                f"`{route}` is already answered by `{known.path}`",
                "change the path or the method of one of them",
            )


def _bad_path(path: str) -> str | None:
    parts = path.strip("/").split("/")
    names = [part[1:-1] for part in parts if re.fullmatch(r"\{[A-Za-z_]\w*\}", part)]
    stray = next((p for p in parts if re.search(r"[{}]", p) and p[1:-1] not in names), None)
    if stray is not None:
        return f"`{stray}` is neither a word nor a parameter"
    twice = next((name for name in names if names.count(name) > 1), None)
    return f"the parameter `{twice}` is there twice" if twice else None


# ------------------------------------------------------------------------------------ the whole


def _flows(graph: Graph) -> Iterator[Finding]:
    for step in graph.steps:
        for flow in step.flows:
            file, declared = graph.declared_beside(flow)
            if declared and flow not in declared:
                match = closest(flow, declared)
                hint = f"did you mean `{match}`?" if match else f"list it in `{file}`"
                message = f"the flow `{flow}` is not among those of `{file}`"
                yield _error(step, "unknown_flow", "flows", message, hint)
    for flow in graph.flows:
        steps = graph.in_flow(flow)
        if not steps:
            yield Finding(
                severity="warning",
                code="flow_without_steps",
                file=graph.declared_beside(flow)[0],
                field=f"flows.{flow}",
                message=f"no step is in the flow `{flow}`",
                hint=f"add `flows=[{flow!r}]` to a step, or remove the flow",
            )
        elif not any(step.kind in TRIGGER_KINDS for step in steps) and not graph.entry_topics(flow):
            yield _error(
                steps[0],
                "flow_without_trigger",
                "flows",
                f"nothing starts the flow `{flow}`",
                "add an api, cron or call step to it, or declare a topic it subscribes to as "
                f"`shared` or `external` in `{SETTINGS}`",
            )


def _calls(graph: Graph) -> Iterator[Finding]:
    for flow in graph.flows:
        entries = [step for step in graph.in_flow(flow) if step.kind == "call"]
        said = graph.settings.flows.get(flow)
        if said is not None and said.callable is not None and not entries:
            yield Finding(
                severity="error",
                code="no_call_step",
                file=graph.declared_beside(flow)[0],
                field=f"flows.{flow}.callable",
                message=f"the flow `{flow}` is said to be callable, and has no call step",
                hint=f"add a step with `config = CallStep(name=…, flows=[{flow!r}])`",
            )
        for step in entries[1:]:
            yield _error(
                step,
                "several_call_steps",
                "flows",
                f"the flow `{flow}` has a call step already: `{entries[0].path}`",
                "a flow is called at one step: put the other one into a flow of its own",
            )


def _answers(graph: Graph) -> Iterator[Finding]:
    """Callers of a flow get one answer, whichever way a run goes."""
    for flow in graph.flows:
        entry = next((step for step in graph.in_flow(flow) if step.kind == "call"), None)
        if entry is None:
            continue
        for code, message, hint in _answer_problems(graph, flow, entry):
            said = graph.settings.flows.get(flow)
            strict = said is not None and said.callable is not None and said.callable.strict
            make = _error if strict else _warning
            yield make(entry, code, "responds", message, hint)


def _answer_problems(graph: Graph, flow: str, entry: Descriptor) -> Iterator[tuple[str, str, str]]:
    if not entry.emits and not entry.responds:
        return  # what it returns is the answer
    if not any(step.responds for step in graph.in_flow(flow)):
        yield (
            "nobody_answers",
            f"no step of the flow `{flow}` says that it answers those who call it",
            "say `responds=True` in the config of the step that calls `ctx.respond`",
        )
        return
    try:
        found = ways(graph, flow, entry)
    except TooManyWays:
        return
    for way in found:
        drawn = " → ".join(f"`{step}`" for step in way.path)
        early = f"; `{way.ended_early}` may emit nothing" if way.ended_early else ""
        if way.answers == 0:
            yield (
                "path_without_answer",
                f"a run of `{flow}` may end without an answer: {drawn}{early}",
                "answer on this path too, with `responds` in the config of the step that does",
            )
        elif way.answers > 1:
            yield (
                "path_with_two_answers",
                f"a run of `{flow}` may answer twice: {drawn}",
                (
                    "only the first answer counts: answer once, or say `responds: conditional` of "
                    "a step that answers instead of emitting"
                ),
            )


def _subscriptions(graph: Graph) -> Iterator[Finding]:
    for step in graph.steps:
        if step.kind == "event" and not step.subscribes:
            message = "it subscribes to no topic, so nothing ever reaches it"
            yield _error(
                step, "no_subscription", "subscribes", message, "name a topic in `subscribes`"
            )
        wanted = [(f"subscribes[{i}]", each.topic) for i, each in enumerate(step.subscribes)]
        if step.awaits:
            wanted += [("await.topic", step.awaits.topic)]
        for field, topic in wanted:
            for flow in step.flows:
                if graph.emitters(topic, flow) or graph.arrives(topic, flow):
                    continue
                emitters = graph.emitters(topic)
                yield (
                    _crossing(step, field, topic, flow, emitters[0])
                    if emitters
                    else _nobody_emits(graph, step, field, topic, flow)
                )


def _crossing(step: Descriptor, field: str, topic: str, flow: str, emitter: Descriptor) -> Finding:
    return _error(
        step,
        "crossing_flow",
        field,
        f"`{topic}` is emitted in the flow `{emitter.flows[0]}` (by `{emitter.path}`) and would "
        f"have to cross into `{flow}`",
        f"declare it in `{SETTINGS}`: `topics: {{ {topic}: {{ shared: true }} }}`, or put both "
        "steps in one flow",
    )


def _nobody_emits(graph: Graph, step: Descriptor, field: str, topic: str, flow: str) -> Finding:
    match = closest(topic, [name for name in graph.topics if graph.emitters(name)])
    hint = (
        f"did you mean `{match}`?"
        if match
        else (
            f"emit it in a step, or, when it comes from outside, declare it in `{SETTINGS}`: "
            f"`topics: {{ {topic}: {{ external: true }} }}`"
        )
    )
    message = f"nothing emits `{topic}` in the flow `{flow}`"
    return _error(step, "nobody_emits", field, message, hint)


def _emissions(graph: Graph) -> Iterator[Finding]:
    for step in graph.steps:
        declared = [emit.topic for emit in step.emits]
        for topic in graph.emitted(step):
            field = f"emits[{declared.index(topic)}]" if topic in declared else "on_failure"
            for flow in step.flows:
                # A trigger's messages reach every flow that it is in.
                reached = step.flows if step.kind in TRIGGER_KINDS else (flow,)
                shared = graph.settings.shared(topic) and graph.receivers(topic)
                heard = any(graph.receivers(topic, name) for name in reached)
                if heard or shared or graph.drawn_out(topic, flow):
                    continue
                others = sorted({name for s in graph.receivers(topic) for name in s.flows})
                hint = "subscribe to it in a step, or stop emitting it"
                if others:
                    listens = "subscribes to" if graph.subscribers(topic) else "waits for"
                    hint = (
                        f"the flow `{others[0]}` {listens} it: declare the topic as `shared` "
                        f"in `{SETTINGS}` for its messages to cross"
                    )
                message = f"nothing receives `{topic}` in the flow `{flow}`"
                yield _warning(step, "nobody_receives", field, message, hint)


def _agreements(graph: Graph) -> Iterator[Finding]:
    declared = {
        topic: json_schema(said.message)
        for topic, said in graph.settings.topics.items()
        if said.message is not None
    }
    for step in graph.steps:
        for index, emit in enumerate(step.emits):
            own = None if emit.message is None else json_schema(emit.message)
            topic = declared.get(emit.topic)
            if own and topic and (problem := disagreement(own, topic)):
                yield _error(
                    step,
                    "schema_disagreement",
                    f"emits[{index}]",
                    f"its messages on `{emit.topic}` do not fit the topic's schema: {problem}",
                    f"correct the schema here, or that of the topic in `{SETTINGS}`",
                )
            given = own or topic
            if given:
                yield from _receivers(graph, step, emit.topic, given)


def _receivers(
    graph: Graph, emitter: Descriptor, topic: str, given: dict[str, object]
) -> Iterator[Finding]:
    """The subscribers of `topic` that cannot use what `emitter` sends."""
    shared = graph.settings.shared(topic)
    for step in graph.subscribers(topic):
        together = shared or set(step.flows) & set(emitter.flows)
        # A join hands over several messages: its input is not the shape of one.
        # What people answer is not what they are asked, either.
        if step.input is None or step.join or step.task or not together:
            continue
        if problem := disagreement(given, step.input):
            index = [each.topic for each in step.subscribes].index(topic)
            yield _error(
                step,
                "schema_disagreement",
                f"subscribes[{index}]",
                f"it cannot use what `{emitter.path}` emits on `{topic}`: {problem}",
                "change the schema of one of them, or subscribe to another topic",
            )


def _queues(graph: Graph) -> Iterator[Finding]:
    for step in graph.steps:
        limits = [name for name in ("concurrency", "rate") if getattr(step.policy, name)]
        if step.policy.placement == "inline" and step.language != "python":
            yield _error(
                step,
                "inline_needs_python",
                "placement",
                "only a Python step can run inline, next to the workflow",
                'remove it, or use `placement: "worker"`',
            )
            continue
        if limits and step.id in LANGUAGES:
            yield _error(
                step,
                "queue_taken",
                "id",
                f"`{limits[0]}` gives a step a task queue named after it, and `{step.id}` is where "
                "all steps of that language wait",
                "give it another `id`",
            )
        if limits and step.policy.placement == "inline":
            yield _error(
                step,
                "inline_with_limits",
                "placement",
                f"`{limits[0]}` limits a task queue, and an inline step has none",
                f'remove `{limits[0]}`, or use `placement="worker"`',
            )
        if step.fifo:
            yield _warning(
                step,
                "fifo",
                "infrastructure.queue.type",
                "messages of one group run concurrently here, in the order in which they start",
                "set `concurrency` to 1 in every flow that needs one message at a time",
            )


def _unused_topics(graph: Graph) -> Iterator[Finding]:
    for topic in graph.settings.topics:
        if not graph.receivers(topic) and not graph.emitters(topic):
            known = [name for name in graph.topics if name not in graph.settings.topics]
            match = closest(topic, known)
            yield Finding(
                severity="warning",
                code="unused_topic",
                file=graph.file_of_topic(topic),
                field=f"topics.{topic}",
                message=f"no step emits `{topic}` or subscribes to it",
                hint=f"did you mean `{match}`?" if match else "remove it, or use it in a step",
            )


_IDENTIFIER = re.compile(r"[a-z0-9]+([_.-][A-Za-z0-9]+)+|[A-Za-z0-9]*[a-z0-9][A-Z][A-Za-z0-9]*")


def _names(graph: Graph) -> Iterator[Finding]:
    for step in graph.steps:
        # By Motia's rules the name is what types are called after.
        if not graph.settings.motia and _IDENTIFIER.fullmatch(step.name):
            yield _warning(
                step,
                "name_for_programs",
                "name",
                f"`{step.name}` reads like an identifier; names are for people",
                f"say what the step does, such as {in_words(step.name)!r}",
            )
    for flow, said in graph.settings.flows.items():
        if said.name and _IDENTIFIER.fullmatch(said.name):
            yield Finding(
                severity="warning",
                code="name_for_programs",
                file=graph.declared_beside(flow)[0],
                field=f"flows.{flow}.name",
                message=f"`{said.name}` reads like an identifier; names are for people",
                hint=f"say what the flow does, such as {in_words(said.name)!r}",
            )
