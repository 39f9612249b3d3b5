"""Callable flows in the settings, in the lock and in the checks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.project.writing import compile_here, findings, write_project

QUOTE = """
    from pydantic import BaseModel
    from wistro import CallStep


    class Question(BaseModel):
        article: str


    config = CallStep(name="Quote a price", description="What it costs.", flows=["quotes"],
                      output={"type": "object"})


    async def handler(question: Question, ctx): ...
"""
OTHER = """
    from wistro import CallStep
    config = CallStep(name="Quote another price", flows=["quotes"])
    async def handler(question, ctx): ...
"""


def test_a_flow_with_a_call_step_can_be_called(tmp_path: Path) -> None:
    write_project(tmp_path, {"steps/quote.step.py": QUOTE})
    found = compile_here(tmp_path).lock.flows["quotes"].callable
    assert found
    assert (found.step, found.description) == ("quote", "What it costs.")
    assert found.input
    assert found.input["required"] == ["article"]
    assert found.output == {"type": "object"}
    assert found.timeout == timedelta(seconds=30)


def test_the_settings_say_more(tmp_path: Path) -> None:
    settings = """
        flows:
          quotes:
            callable:
              description: A price
              timeout: 2m
              input: { type: object, required: [article] }
              output: { type: object, required: [price] }
        """
    write_project(tmp_path, {"steps/quote.step.py": QUOTE, "wistro.yml": settings})
    found = compile_here(tmp_path).lock.flows["quotes"].callable
    assert found
    assert (found.description, found.timeout) == ("A price", timedelta(minutes=2))
    assert found.input == {"type": "object", "required": ["article"]}
    assert found.output == {"type": "object", "required": ["price"]}


def test_callable_without_a_call_step(tmp_path: Path) -> None:
    settings = "flows: { quotes: { callable: {} } }"
    nightly = """
        from wistro import CronStep
        config = CronStep(name="Every night", flows=["quotes"], cron="0 3 * * *")
        async def handler(ctx): ...
        """
    write_project(tmp_path, {"steps/nightly.step.py": nightly, "wistro.yml": settings})
    (found,) = findings(tmp_path)
    assert (found.code, found.field) == ("no_call_step", "flows.quotes.callable")


def test_two_call_steps(tmp_path: Path) -> None:
    write_project(tmp_path, {"steps/quote.step.py": QUOTE, "steps/other.step.py": OTHER})
    (found,) = (each for each in findings(tmp_path) if each.field == "flows")
    assert (found.code, found.file) == ("several_call_steps", "steps/quote.step.py")
    assert "`steps/other.step.py`" in found.message
