"""Asks whoever sits at the terminal for a value, field by field, as its schema says."""

from __future__ import annotations

import json
from collections.abc import Mapping

import typer

from wistro_triggers.task_forms import Field, form_of, read_form


def ask_for(schema: Mapping[str, object] | None) -> object:
    """The value that they give. An empty line leaves a field out; what cannot be read is asked again."""
    form = form_of(schema)
    filled: dict[str, str] = {}
    for field in form.leaves():
        while True:
            filled[field.name] = _ask(field)
            _, issues = read_form(field, filled)
            wrong = issues[0].message if issues else None
            if wrong is None and field.required and not filled[field.name]:
                wrong = "it is needed"
            if wrong is None:
                break
            typer.echo(f"  {wrong}", err=True)
    return read_form(form, filled)[0]


def _ask(field: Field) -> str:
    name = field.label if field.required else f"{field.label} (optional)"
    if field.help:
        typer.echo(f"  {field.help}", err=True)
    words = [choice if isinstance(choice, str) else json.dumps(choice) for choice in field.choices]
    if field.kind == "yes_no":
        words = ["yes", "no"]
    hint = f" [{'/'.join(words)}]" if words else " (JSON)" if field.kind == "json" else ""
    given = field.shown(field.given)
    if given and words:
        given = words[int(given)] if field.kind == "choice" else {"true": "yes"}.get(given, "no")
    said: str = typer.prompt(f"{name}{hint}", default=given, show_default=bool(given), err=True)
    return _meant(field, said.strip(), words)


def _meant(field: Field, said: str, words: list[str]) -> str:
    """What stands in a form for what was said: the beginning of a word is enough."""
    if not words or not said:
        return said
    found = [index for index, word in enumerate(words) if word.lower() == said.lower()]
    found = found or [i for i, word in enumerate(words) if word.lower().startswith(said.lower())]
    if field.kind == "yes_no":
        return ("true" if found[0] == 0 else "false") if found else ""
    return str(found[0]) if len(found) == 1 else "?"
