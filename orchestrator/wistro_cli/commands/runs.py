"""TODO"""

import typer

from wistro_cli.help import GROUP_SETTINGS

app = typer.Typer(name="runs", **GROUP_SETTINGS)


def register(app: typer.Typer) -> None:
    """TODO"""
