"""Apps at work: called by their names, side by side, in every language."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.apps.writing import REFUNDS, answering, write_app, write_desk
from tests.cli.command import running, wistro
from tests.conftest import TemporalServer
from tests.project.writing import write_project
from wistro_cli.address import read_address

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(300)]

WEIGH = """
    from wistro import CallStep, Context

    config = CallStep(name="Weigh the parcel", flows=["send"], emits=["parcel.weighed"])

    async def handler(parcel: dict, ctx: Context) -> None:
        await ctx.emit("parcel.weighed", {"id": parcel["id"], "by": [ctx.step]})
"""
LABEL = """
    import { by } from '../lib/names.js'

    export const config = {
      type: 'event',
      name: 'Print the label',
      flows: ['send'],
      subscribes: ['parcel.weighed'],
      emits: ['parcel.labelled'],
    } as const

    export const handler = async (parcel: { id: string; by: string[] }, ctx: any): Promise<void> => {
      await ctx.emit({ topic: 'parcel.labelled', data: { id: parcel.id, by: by(parcel.by, ctx.step) } })
    }
"""
HAND_OVER = """
    package steps

    import "wistro.dev/go"

    type Parcel struct {
      ID string   `json:"id"`
      By []string `json:"by"`
    }

    var HandOver = wistro.Event(wistro.EventConfig{
      Name:       "Hand it over",
      Flows:      []string{"send"},
      Subscribes: []string{"parcel.labelled"},
      Emits:      []string{"parcel.gone"},
    }, func(ctx wistro.Context, parcel Parcel) error {
      return ctx.Emit("parcel.gone", Parcel{ID: parcel.ID, By: append(parcel.By, ctx.Step())})
    })
"""
TELL = """
    from wistro import Context, EventStep

    config = EventStep(name="Tell them", flows=["send"], subscribes=["parcel.gone"], responds=True)

    async def handler(parcel: dict, ctx: Context) -> None:
        await ctx.respond(parcel)
"""
PARCELS = {
    "wistro.yml": "name: Parcels\n",
    "steps/weigh.step.py": WEIGH,
    "steps/label.step.ts": LABEL,
    "lib/names.ts": "export const by = (names: string[], name: string) => [...names, name]\n",
    "steps/hand-over.step.go": HAND_OVER,
    "src/tell.step.py": TELL,
}
SEVERAL = {
    "steps/decide.step.py": answering("claims", "decide"),
    "steps/undo.step.py": answering("claims", "undo"),
}


@pytest.fixture(scope="module")
def desk(
    temporal_server: TemporalServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A project with apps in three languages, that is served."""
    root = tmp_path_factory.mktemp("apps") / "desk"
    name = f"project: desk-{os.getpid()}\n"
    write_desk(root, name, refunds=REFUNDS, claims=SEVERAL)
    write_project(
        root,
        {
            "go.mod": "module example.com/desk\n\ngo 1.24\n",
            "package.json": '{"name": "desk", "private": true, "type": "module"}\n',
        },
    )
    parcels = write_app(root.parent / "parcels", PARCELS)
    wistro("apps", "install", str(parcels), cwd=root, timeout=280).ok()
    wistro("lock", cwd=root, timeout=280).ok()
    env = {"TEMPORAL_ADDRESS": temporal_server.address}
    with running("start", "-p", "0", "--drain", "1", cwd=root, env=env) as command:
        command.wait_for_line("working on steps", timeout=120)
        yield root


@pytest.fixture(scope="module")
def admin(desk: Path) -> Iterator[httpx.Client]:
    """What a holder of the management token has."""
    address = read_address(desk)
    assert address
    bearer = {"authorization": f"Bearer {(desk / '.wistro' / 'token').read_text().strip()}"}
    with httpx.Client(base_url=address.url, headers=bearer, timeout=30) as client:
        yield client


def test_an_app_is_called_by_its_name(admin: httpx.Client) -> None:
    answer = admin.post("/call/refunds", json={"input": {}})
    assert answer.status_code == 200, answer.text
    called = answer.json()
    decided = {"by": "refunds", "step": "refunds.decide", "flow": "refunds.decide"}
    assert (called["flow"], called["data"]) == ("refunds.decide", decided)
    for name in ("refunds", "refunds.decide"):
        again = admin.get(f"/call/{name}/{called['call_id']}")
        assert (again.status_code, again.json()["data"]) == (200, decided)


def test_apps_and_the_project_with_steps_of_the_same_name(admin: httpx.Client) -> None:
    flows = ("questions", "refunds.decide", "claims.decide", "claims.undo")
    answers = [admin.post(f"/call/{flow}", json={"input": {}}).json()["data"] for flow in flows]
    assert [answer["by"] for answer in answers] == ["the project", "refunds", "claims", "claims"]


def test_an_app_with_several_flows(admin: httpx.Client) -> None:
    answer = admin.post("/call/claims", json={"input": {}})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (409, "ambiguous_call")
    assert "`claims.decide`, `claims.undo`" in error["message"]
    unknown = admin.post("/call/refnds", json={"input": {}})
    assert (unknown.status_code, "did you mean `refunds`?" in unknown.text) == (404, True)


def test_an_app_in_three_languages(desk: Path) -> None:
    called = wistro("call", "parcels", "--input", '{"id": "7"}', "--wait", "60", cwd=desk).ok()
    steps = ["parcels.weigh", "parcels.label", "parcels.hand-over"]
    assert called.json() == {"id": "7", "by": steps}


def test_apps_are_shown(admin: httpx.Client) -> None:
    project = admin.get("/_wistro/api/project").json()
    refunds = next(app for app in project["apps"] if app["id"] == "refunds")
    assert (refunds["version"], refunds["callable"]) == ("1.2.0", "refunds.decide")
    flows = {flow["id"]: flow["app"] for flow in admin.get("/_wistro/api/flows").json()}
    assert flows == {
        "claims.decide": "claims",
        "claims.undo": "claims",
        "parcels.send": "parcels",
        "questions": None,
        "refunds.decide": "refunds",
    }
