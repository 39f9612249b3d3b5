"""Projects with apps, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.project.writing import write_project

ASK = """
    from wistro import CallStep, Context

    config = CallStep(name="Ask a question", flows=["questions"], responds=True)

    async def handler(question: dict, ctx: Context) -> None:
        await ctx.respond({"by": "the project"})
"""


def answering(by: str, *flows: str, **fields: object) -> str:
    """The text of a step file: a call step that says who answers."""
    more = "".join(f", {name}={value!r}" for name, value in fields.items())
    return f"""
        from wistro import CallStep, Context

        config = CallStep(name="Decide on it", flows={list(flows)!r}, responds=True{more})

        async def handler(question: dict, ctx: Context) -> None:
            await ctx.respond({{"by": {by!r}, "step": ctx.step, "flow": ctx.flow}})
    """


REFUNDS: Mapping[str, str] = {
    "wistro.yml": """
        app: refunds
        name: Refunds
        description: Who gets money back, and how much
        version: "1.2.0"
        owner: Finance
        flows:
          decide:
            name: Decide on a refund
            owner: The app's
            callable: { timeout: 5s, description: Whether money goes back }
    """,
    "steps/decide.step.py": answering("refunds", "decide"),
}
"""An app with one flow, relative to its own folder."""


def write_app(folder: Path, files: Mapping[str, str] = REFUNDS) -> Path:
    """Write an app into a folder of its own."""
    return write_project(folder, files)


def write_desk(root: Path, settings: str = "", **apps: Mapping[str, str]) -> Path:
    """Write a project with one flow of its own, and with apps."""
    name = "" if "project:" in settings else "project: desk\n"
    write_project(root, {"wistro.yml": f"{name}{settings}", "steps/decide.step.py": ASK})
    for app, files in apps.items():
        write_app(root / "apps" / app, files)
    return root
