"""TODO"""

import typer

from wistro_cli.help import GROUP_SETTINGS

app = typer.Typer(name="replay", **GROUP_SETTINGS)


def register(app: typer.Typer) -> None:
    """TODO"""
