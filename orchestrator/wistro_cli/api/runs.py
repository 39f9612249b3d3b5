"""Runs by what people type: an id, the beginning of one, or a flow and an id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from wistro.errors import RunError, RunNotFound
from wistro.runs import DeliveryView, RunDetail, RunPage, RunSummary
from wistro_cli.api.client import Api, quote

_WHOLE_ID = 32
_LOOKED_AT = 500


def find_run(api: Api, given: str) -> RunDetail:
    """The run that `given` names: an id or the beginning of one, with or without `flow/` before it.

    Raises:
        RunNotFound: there is none.
        RunError: there are several.
    """
    flow, slash, run_id = given.rpartition("/")
    if len(run_id) >= _WHOLE_ID:
        path = f"/runs/{quote(flow)}/{quote(run_id)}" if slash else f"/runs/{quote(run_id)}"
        return _detail(api.get(path))
    query = {"flow": flow or None, "text": run_id, "limit": _LOOKED_AT}
    page = RunPage.model_validate(api.get("/runs", query))
    found = [run for run in page.runs if run.run_id.startswith(run_id)]
    if not found:
        raise RunNotFound(
            f"there is no run whose id begins with `{given}`",
            run_id=given,
            hint="see `wistro runs list`, where a run appears after a moment; or give the whole id",
        )
    if len(found) > 1:
        raise RunError(
            f"several runs have ids that begin with `{given}`: {_named(found)}",
            code="ambiguous_run",
            hint="give more of the id",
        )
    return _detail(api.get(path_of(found[0])))


def path_of(run: RunSummary) -> str:
    """Where a run is below the API."""
    return f"/runs/{quote(run.flow)}/{quote(run.run_id)}"


def choose_delivery(run: RunDetail, given: str | None, *, statuses: Sequence[str]) -> DeliveryView:
    """The delivery that is meant: by id, number or step, or the only one with one of `statuses`.

    Raises:
        RunError: there is none, or several.
    """
    if given is None:
        found = [each for each in run.deliveries if each.status in statuses]
        what = " or ".join(statuses)
    else:
        found = [d for d in run.deliveries if given in (d.delivery_id, str(d.number))]
        found = found or [d for d in run.deliveries if d.step == given]
        what = f"called `{given}`"
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{d.number} (`{d.step}`, {d.status})" for d in found or run.deliveries)
    raise RunError(
        f"the run `{run.run_id}` has {'several deliveries' if found else 'no delivery'} {what}"
        + (f"; there are {known}" if known else ""),
        flow=run.flow,
        run_id=run.run_id,
        code="no_such_delivery",
        hint="name one by its number: `wistro runs show` lists them",
    )


def as_mapping(value: object) -> Mapping[str, object]:
    """An object of the API."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _detail(document: object) -> RunDetail:
    return RunDetail.model_validate(document)


def _named(runs: Sequence[RunSummary]) -> str:
    return ", ".join(f"`{run.run_id}`" for run in runs[:5])
