"""Which ways a called flow may go, and what `wistro check` says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.writing import compile_here, findings, write_project


def step(kind: str, name: str, **more: object) -> str:
    """The text of a step file of the flow `f`."""
    fields = "".join(f", {key}={value!r}" for key, value in more.items())
    return (
        f"from wistro import *\nconfig = {kind}(name={name!r}, flows=['f']{fields})\n"
        "def handler(message, ctx): ...\n"
    )


def call(*emits: object, **more: object) -> str:
    """The call step of the flow."""
    return step("CallStep", "Ask", emits=list(emits), **more)


def event(topic: str, *emits: object, **more: object) -> str:
    """A step that subscribes to one topic."""
    return step("EventStep", "Go on", subscribes=[topic], emits=list(emits), **more)


MAYBE_B = {"topic": "b", "conditional": True}
EITHER_B, EITHER_C = ({"topic": topic, "alternative": True} for topic in "bc")
TASK = {"input": {"type": "object"}}
YES, NO = ({"topic": topic, "where": f"message.answer.{topic}"} for topic in ("yes", "no"))


def found_in(root: Path, **steps: str) -> list[tuple[str, str]]:
    """The findings about answers: their codes, and the ways that they draw."""
    write_project(root, {f"steps/{id}.step.py": text for id, text in steps.items()})
    return [
        (each.code, each.message.partition(": ")[2])
        for each in findings(root)
        if each.field == "responds"
    ]


@pytest.mark.parametrize(
    "steps",
    [
        {"ask": call()},
        {"ask": call(responds=True)},
        {"ask": call("a"), "one": event("a", responds=True)},
        {"ask": call("a", "b"), "one": event("a", responds=True), "two": event("b")},
        {
            "ask": call("a", MAYBE_B, responds="conditional"),
            "one": event("a", responds=True),
            "two": event("b"),
        },
        {
            "ask": call("a", "b"),
            "one": event("a", "c"),
            "two": event("b", "d"),
            "both": step(
                "EventStep", "Both", subscribes=["c", "d"], join={"key": None}, responds=True
            ),
        },
        {
            "ask": call("a"),
            "again": event("a", {"topic": "a", "conditional": True}, "b"),
            "end": event("b", responds=True),
        },
        {
            "ask": call("a"),
            "choose": event("a", EITHER_B, EITHER_C),
            "one": event("b", responds=True),
            "other": event("c", responds=True),
        },
        {
            "ask": call(MAYBE_B, responds="conditional"),
            "one": event("b", responds=True),
        },
        {
            "ask": call("a"),
            "person": step("NoopStep", "Ask her", subscribes=["a"], emits=[YES, NO], **TASK),
            "one": event("yes", responds=True),
            "other": event("no", responds=True),
        },
    ],
    ids=[
        *("returned", "itself", "next", "beside", "sometimes", "joined", "loop"),
        *("either", "or else", "people"),
    ],
)
def test_one_answer_on_every_way(tmp_path: Path, steps: dict[str, str]) -> None:
    assert found_in(tmp_path, **steps) == []


def test_nobody_says_that_it_answers(tmp_path: Path) -> None:
    found = found_in(tmp_path, ask=call("a"), one=event("a"))
    assert [code for code, _ in found] == ["nobody_answers"]


def test_a_condition_that_ends_it_early(tmp_path: Path) -> None:
    found = found_in(
        tmp_path, ask=call("a"), one=event("a", MAYBE_B), two=event("b", responds=True)
    )
    assert found == [("path_without_answer", "`ask` → `one`; `one` may emit nothing")]


def test_a_filter_is_a_condition(tmp_path: Path) -> None:
    filtered = step(
        "EventStep",
        "Only large ones",
        subscribes=[{"topic": "a", "where": "message.total > 100"}],
        responds=True,
    )
    assert found_in(tmp_path, ask=call("a"), one=filtered) == [("path_without_answer", "`ask`")]


def test_two_answers_one_after_the_other(tmp_path: Path) -> None:
    found = found_in(
        tmp_path, ask=call("a", responds=True), one=event("a", "b"), two=event("b", responds=True)
    )
    assert found == [("path_with_two_answers", "`ask` → `one` → `two`")]


def test_two_answers_at_the_same_time(tmp_path: Path) -> None:
    found = found_in(
        tmp_path,
        ask=call("a"),
        one=event("a", responds=True),
        two=event("a", responds=True),
    )
    assert found == [("path_with_two_answers", "`ask` → `one` → `two`")]


def test_strict_makes_errors(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "steps/ask.step.py": call("a"),
            "wistro.yml": "flows: { f: { callable: { strict: true } } }",
        },
    )
    assert not compile_here(tmp_path).ok


def test_many_ways_are_told_apart_by_their_kind_only(tmp_path: Path) -> None:
    topics = [{"topic": f"t{number}", "conditional": True} for number in range(40)]
    steps = {f"s{n}": event(f"t{n}", responds=True) for n in range(40)}
    codes = {code for code, _ in found_in(tmp_path, ask=call(*topics), **steps)}
    assert codes == {"path_without_answer", "path_with_two_answers"}


def test_a_flow_too_wide_to_follow(tmp_path: Path) -> None:
    topics = [{"topic": f"t{number}", "conditional": True} for number in range(12)]
    steps = {
        f"s{n}": step("EventStep", "Join", subscribes=[f"t{n}"], join={"key": None}, responds=True)
        for n in range(12)
    }
    assert found_in(tmp_path, ask=call(*topics), **steps) == []


def test_a_person_whose_answer_may_lead_nowhere(tmp_path: Path) -> None:
    ask_her = step("NoopStep", "Ask her", subscribes=["a"], emits=[YES], **TASK)
    found = found_in(tmp_path, ask=call("a"), person=ask_her, one=event("yes", responds=True))
    assert found == [("path_without_answer", "`ask` → `person`; `person` may emit nothing")]


def test_both_subscribers_of_one_emission_or_none(tmp_path: Path) -> None:
    found = found_in(
        tmp_path,
        ask=call(MAYBE_B, responds="conditional"),
        one=event("b", responds=True),
        two=event("b", responds=True),
    )
    assert [code for code, _ in found] == ["path_with_two_answers"]
