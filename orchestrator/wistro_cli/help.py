"""What the help of every command has in common."""

from __future__ import annotations

from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

GROUP_SETTINGS: dict[str, Any] = {
    "no_args_is_help": True,
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": "rich",
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
"""How the command and its groups of subcommands are made."""


def examples(*lines: tuple[str, str]) -> str:
    """The end of a help text: command lines, and what each does."""
    shown = [f"  {command}\n  [dim]  {what}[/dim]" for command, what in lines]
    return "\n\n".join(["[bold]Examples[/bold]", *shown])
