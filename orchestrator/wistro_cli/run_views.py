"""Runs as people read them: a line in a list, a page, a delivery in full."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from rich.text import Text

from wistro.contract import ErrorInfo
from wistro.runs import DeliveryView, RunDetail, RunSummary
from wistro_cli.entries import SHORT_ID
from wistro_cli.output import compact, moment, seconds, show, show_table

_STYLES: Final = {
    "completed": "green",
    "failed": "bold red",
    "timed_out": "bold red",
    "held": "bold yellow",
    "cancelled": "yellow",
    "waiting": "cyan",
    "retrying": "yellow",
    "running": "cyan",
}


def show_runs(runs: Sequence[RunSummary]) -> None:
    """A table of runs."""
    show_table(
        ["run", "flow", "status", "trigger", "started", "took"],
        [
            [
                run.run_id if run.run_id.startswith("cron.") else run.run_id[: SHORT_ID + 4],
                run.flow,
                _status(run.status, run.waiting_for),
                run.trigger or "",
                moment(run.started_at),
                _took(run),
            ]
            for run in runs
        ],
    )


def show_run(run: RunDetail) -> None:
    """A run with its deliveries."""
    show(
        Text.assemble(
            (f"{run.flow}/{run.run_id}", "bold"), "  ", _status(run.status, run.waiting_for)
        )
    )
    facts = {
        "trigger": run.trigger,
        "started": moment(run.started_at),
        "took": _took(run),
        "waiting": run.why_waiting,
        "parent": run.parent and f"{run.parent.flow}/{run.parent.run_id}",
        "started runs": ", ".join(f"{link.flow}/{link.run_id}" for link in run.links),
        "input": compact(run.input, 200),
    }
    for name, fact in facts.items():
        if fact:
            show(Text.assemble((f"  {name:<13}", "dim"), fact))
    _show_error(run.outcome_error)
    for note in run.notes:
        show(Text.assemble(("  note         ", "dim"), note))
    if run.deliveries:
        show("")
        show_table(
            ["#", "step", "status", "took", "attempts", "received", "emitted"],
            [_delivery_row(delivery) for delivery in run.deliveries],
        )


def show_delivery(run: RunDetail, delivery: DeliveryView) -> None:
    """A delivery in full: what it was given, what it did, and each attempt."""
    head = f"{run.flow}/{run.run_id}  delivery {delivery.number}"
    show(Text.assemble((head, "bold"), "  ", _status(delivery.status)))
    show(Text.assemble(("  step         ", "dim"), f"{delivery.name} ({delivery.step})"))
    show(Text.assemble(("  id           ", "dim"), delivery.delivery_id))
    if delivery.topic:
        show(Text.assemble(("  topic        ", "dim"), delivery.topic))
    _show_error(delivery.error)
    for attempt in delivery.attempts:
        outcome = (
            attempt.error.message
            if attempt.error
            else "succeeded"
            if attempt.finished_at
            else "runs"
        )
        line = f"{attempt.number}: {moment(attempt.started_at)}  {outcome}"
        show(Text.assemble(("  attempt      ", "dim"), line))
    if delivery.progress is not None:
        show(Text.assemble(("  progress     ", "dim"), compact(delivery.progress, 300)))
    _show_value("input", delivery.input)
    _show_value("output", delivery.output)
    for emission in delivery.emissions:
        _show_value(f"emitted {emission.topic}", emission.data)


def _delivery_row(delivery: DeliveryView) -> list[str | Text]:
    took = None
    if delivery.started_at and delivery.finished_at:
        took = (delivery.finished_at - delivery.started_at).total_seconds()
    error = f"  {compact(delivery.error.message, 120)}" if delivery.error else ""
    return [
        str(delivery.number),
        delivery.step,
        Text.assemble(_status(delivery.status), (error, "red")),
        seconds(took),
        str(len(delivery.attempts) or ""),
        f"{delivery.topic or ''} {compact(delivery.input, 60)}".strip(),
        ", ".join(emission.topic for emission in delivery.emissions),
    ]


def _status(status: str, waiting_for: str | None = None) -> Text:
    waiting = f" (waits: {waiting_for})" if waiting_for and waiting_for != "nothing" else ""
    return Text.assemble((status, _STYLES.get(status, "")), (waiting, "dim"))


def _took(run: RunSummary) -> str:
    return seconds((run.closed_at - run.started_at).total_seconds()) if run.closed_at else ""


def _show_error(error: ErrorInfo | None) -> None:
    if error is None:
        return
    show(Text.assemble(("  error        ", "dim"), (f"{error.message} ({error.code})", "red")))
    for line in (error.stack or "").rstrip().splitlines():
        show(Text(f"    {line}", style="dim"))


def _show_value(name: str, value: object) -> None:
    if value is None:
        return
    show(Text(f"  {name}", style="dim"))
    for line in json.dumps(value, indent=2, ensure_ascii=False).splitlines():
        show(f"    {line}")
