"""Runs the cases of `workers/contract/cases` against the Python worker."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic_core import to_jsonable_python
from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter

from wistro.context import Context
from wistro.contract import ErrorInfo, StepResult
from wistro.errors import Retryable, StepError, Terminal, to_info
from wistro.project.descriptor import Record
from wistro.request import Response
from wistro.steps import parse_config
from wistro.stores.journal import JournalEntry
from wistro.stores.memory import MemoryState
from wistro.values import json_size
from wistro_worker.contract import read_invocation
from wistro_worker.deliveries import Deliveries
from wistro_worker.executor import Attempt, Executor, Services
from wistro_worker.failures import StepFailed
from wistro_worker.journal import DeliveryJournal
from wistro_worker.loader import LoadedStep
from wistro_worker.secrets import EnvironmentSecrets, Mask
from wistro_worker.sizes import Oversized, check_size, oversized_error

FOLDER = Path(__file__).parents[2] / "workers" / "contract"

Json = dict[str, Any]

_CONTEXT = (
    "run_id", "trace_id", "step", "flow", "flows", "attempt", "delivery_id", "idempotency_key",
    "client_context", "topic",
)  # fmt: skip


@dataclass(kw_only=True)
class Outcome:
    """What became of a case."""

    ended: StepResult | ErrorInfo
    logs: list[JournalEntry] = field(default_factory=list[JournalEntry])
    afterwards: ErrorInfo | None = None


class CaseFile(Record):
    """A file of cases."""

    description: str
    cases: tuple[Json, ...]


def cases() -> list[tuple[str, Json]]:
    """Every case for Python, with its name; what a case does not say comes from the defaults."""
    defaults = json.loads((FOLDER / "case_defaults.json").read_text())
    found: list[tuple[str, Json]] = []
    for path in sorted((FOLDER / "cases").glob("*.json")):
        for case in CaseFile.model_validate_json(path.read_text()).cases:
            if "python" not in case.get("only", ["python"]):
                continue
            whole = {name: defaults[name] | case.get(name, {}) for name in ("step", "invocation")}
            found.append((f"{path.stem}: {case['name']}", case | whole))
    return found


async def run_case(case: Json) -> Outcome:
    """Make the attempt of a case."""
    script = Script(case)
    mask, entries = Mask(), list[JournalEntry]()
    journal = DeliveryJournal(entries.append, mask)
    with ThreadPoolExecutor(1) as threads:
        services = Services(
            state=lambda _: MemoryState(),
            secrets=EnvironmentSecrets(mask, case.get("environment", {})),
            log=journal.log,
            threads=threads,
        )
        step, lenient = _step(case["step"], script.handler), case.get("motia", False)
        executor = Executor([step], services, answers=case.get("answers"), lenient=lenient)
        ended = await _attempt(case, Deliveries(executor, journal, mask))
        logs = [entry for entry in entries if entry.kind == "log"]
        return Outcome(ended=ended, logs=logs, afterwards=await script.go_on())


async def _attempt(case: Json, deliveries: Deliveries) -> StepResult | ErrorInfo:
    try:
        invocation = read_invocation(json.dumps(case["invocation"]).encode())
        attempt = Attempt(number=invocation.attempt + 1)
        result = await deliveries.attempt(invocation, attempt)
    except StepFailed as failed:
        return failed.info
    except StepError as error:
        return to_info(error, stack=False)
    payload: Payload = DataConverter.default.payload_converter.to_payload(
        to_jsonable_python(result)
    )
    try:
        await check_size(payload, lambda: DataConverter.default)
    except Oversized as found:
        return oversized_error(invocation.step, result, found)
    return result


def _step(step: Json, handler: Callable[..., object]) -> LoadedStep:
    config: Json = {"type": step["kind"], "name": step["name"], "flows": step["flows"]}
    config |= {"emits": step["emits"], "retry": {"terminal": step["terminal"]}}
    received: Mapping[str, Json | None] = step["receives"]
    match step["kind"]:
        case "event":
            (schema,) = received.values()
            config |= {"subscribes": list(received)}
        case "call":
            schema = step["input"]
            config |= {"output": step["output"]}
        case "api":
            schema = step["body"]
            config |= {"path": "/it", "method": "POST", "response_schema": step["responses"]}
        case _:
            schema = None
            config |= {"cron": "0 3 * * *"}
    return LoadedStep(
        id="it",
        config=parse_config(config),
        handler=handler,
        module=ModuleType("it"),
        path=Path("it.step.py"),
        input_type=None,
        input_schema=schema,
        is_async=True,
    )


class Script:
    """A handler that does what a case says."""

    def __init__(self, case: Json) -> None:
        self._case = case
        self._kind = case["step"]["kind"]
        self._variables: dict[str, Any] = {}
        self._input: Any = None
        self._context: Context[Any] | None = None

    async def handler(self, *arguments: Any) -> object:
        """The handler."""
        self._input = arguments[0] if len(arguments) > 1 else None
        self._context = arguments[-1]
        return self._do(self._case["handler"])

    async def go_on(self) -> ErrorInfo | None:
        """What a task does that outlives its attempt."""
        try:
            self._do(self._case.get("afterwards", ()))
        except StepError as error:
            return to_info(error, stack=False)
        return None

    def _do(self, script: Sequence[Json]) -> object:
        context = self._context
        for step in script:
            assert context is not None
            value = partial(self._value, step)
            match next(iter(step)):
                case "emit":
                    context.emit(step["emit"], value("data"))
                case "respond":
                    context.respond(value("respond"))
                case "heartbeat":
                    context.heartbeat(value("heartbeat"))
                case "log":
                    write = getattr(context.logger, step["log"])
                    write(step["message"], value("fields"))
                case "secret":
                    context.secrets.get(step["secret"])
                case "let":
                    self._variables[step["let"]] = value("be")
                case "change":
                    self._variables[step["change"]][step["member"]] = value("to")
                case "raise":
                    raise self._error(step)
                case "return":
                    return self._returned(value("return"))
                case other:
                    raise AssertionError(f"a case says `{other}`")
        return None

    def _returned(self, value: Any) -> object:
        if self._kind == "api" and isinstance(value, dict) and "status" in value:
            return Response(value["body"], value["status"], value["headers"])
        return value

    def _error(self, step: Json) -> Exception:
        message = str(self._value(step, "message"))
        options = {name: self._value(step, name) for name in ("code", "hint", "details")}
        match step["raise"]:
            case "terminal":
                return Terminal(message, **options)
            case "retryable":
                after = step.get("retry_after")
                wait = None if after is None else timedelta(seconds=after)
                return Retryable(message, retry_after=wait, **options)
            case "class":
                base = type(step["base"], (Exception,), {}) if "base" in step else Exception
                return type(step["class"], (base,), {})(message)
            case _:
                return ArithmeticError(message)

    def _value(self, step: Json, member: str) -> Any:
        return self.make(step.get(member))

    def make(self, value: Any) -> Any:
        """A value of a case: JSON, with objects that have a `$` standing for something else."""
        if isinstance(value, list):
            return [self.make(part) for part in value]
        if not isinstance(value, dict):
            return value
        if "$" not in value:
            return {name: self.make(part) for name, part in value.items()}
        match value["$"]:
            case "input":
                return self._input.body if self._kind == "api" else self._input
            case "request":
                return self._request()
            case "context":
                assert self._context is not None
                context = {name: getattr(self._context, name) for name in _CONTEXT}
                return context | {"trigger": self._context.trigger.kind}
            case "variable":
                return self._variables[value["name"]]
            case other:
                return _SPECIAL[other](value)

    def _request(self) -> Json:
        request = self._input
        members = ("path_params", "query_params", "headers", "body")
        plain = {name: request[name] for name in members}
        return plain | {"raw_body": request.raw_body.decode()}


def _nested(value: Json) -> object:
    nested: object = 1
    for _ in range(value["levels"]):
        nested = [nested]
    return nested


def _cycle(_: Json) -> object:
    loop: list[object] = []
    loop.append(loop)
    return loop


_SPECIAL: Mapping[str, Callable[[Json], object]] = {
    "function": lambda _: print,
    "cycle": _cycle,
    "lone_surrogate": lambda _: "\ud800",
    "nan": lambda _: float("nan"),
    "nested": _nested,
    "text": lambda value: value["of"] * value["times"],
    "bytes": lambda value: base64.b64decode(value["base64"]),
}


def complaints(case: Json, outcome: Outcome) -> list[str]:
    """What differs between the outcome of a case and what the case expects."""
    ended, expected = outcome.ended, case.get("error")
    if expected is not None:
        if not isinstance(ended, ErrorInfo):
            return [f"it succeeded: {ended}"]
        found = _error_complaints("error", expected, ended)
    elif isinstance(ended, ErrorInfo):
        return [f"it failed: {ended}"]
    else:
        wanted = Script(case).make(case["result"])
        plain = to_jsonable_python(ended)
        found = _differences("result", wanted, plain)
    if "afterwards_error" in case:
        if outcome.afterwards is None:
            return [*found, "nothing was refused after the attempt"]
        found += _error_complaints("afterwards_error", case["afterwards_error"], outcome.afterwards)
    elif outcome.afterwards is not None:
        found.append(f"it was refused after the attempt: {outcome.afterwards}")
    return found + _log_complaints(case.get("logs"), outcome.logs)


def _error_complaints(what: str, expected: Json, error: ErrorInfo) -> list[str]:
    found = to_jsonable_python(error)
    details = found["details"] or {}
    issues = sorted({issue["field"] for issue in details.get("issues", ())})
    exact = ("code", "message", "type", "retryable", "retry_after")
    wanted = {name: expected[name] for name in exact if name in expected}
    problems = _differences(what, wanted, found)
    problems += _differences(f"{what}.details", expected.get("details", {}), details)
    if issues != sorted(expected.get("issues", issues)):
        problems.append(f"{what} names the fields {issues}, expected {expected['issues']}")
    problems += [
        f"{what}: no `{name}`" for name in expected.get("details_has", ()) if name not in details
    ]
    problems += [
        f"{what} does not say {text!r}: {error.message}"
        for text in expected.get("message_has", ())
        if text not in error.message
    ]
    if len(error.message) > expected.get("message_limit", 1_000_000):
        problems.append(f"{what}: a message of {len(error.message)} characters")
    text = json.dumps(found, ensure_ascii=False)
    return problems + [
        f"{what} shows {word!r}" for word in expected.get("never", ()) if word in text
    ]


def _log_complaints(expected: Sequence[Json] | None, logs: Sequence[JournalEntry]) -> list[str]:
    if expected is None:
        return []
    if len(expected) != len(logs):
        return [f"{len(logs)} lines in the log, expected {len(expected)}: {logs}"]
    problems: list[str] = []
    for wanted, line in zip(expected, logs, strict=True):
        plain = {"level": line.level, "message": line.message, "fields": dict(line.fields)}
        exact = {name: wanted[name] for name in plain if name in wanted}
        problems += _differences("log", exact, plain)
        names = sorted(line.fields)
        if names != sorted(wanted.get("field_names", names)):
            problems.append(f"log: fields {names}")
        problems += [
            f"log: no {t!r} in {line.message}"
            for t in wanted.get("message_has", ())
            if t not in line.message
        ]
    return problems


def _differences(what: str, expected: Json, found: Json) -> list[str]:
    return [
        f"{what}.{name} is {_short(found.get(name))}, expected {_short(value)}"
        for name, value in expected.items()
        if found.get(name) != value
    ]


def _short(value: object) -> str:
    return repr(value) if json_size(value) < 2000 else "large"
