"""The pages behind the links of tasks, as HTML that needs no scripts. Everything shown is escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import cast

from wistro.errors import Issue
from wistro.tasks import TaskDetail
from wistro_triggers.task_forms import Field

COMMENT = "comment"
"""The name of the input for what else there is to say."""

_DEEPEST = 8

_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --text: #1a1c20; --soft: #5a6070; --line: #c9cdd6;
  --accent: #1f5fd0; --on-accent: #fff; --wrong: #b3261e; --field: #fff; }
@media (prefers-color-scheme: dark) { :root { --ground: #16181d; --text: #e8eaef; --soft: #a3a9b8;
  --line: #3d424e; --accent: #8ab4f8; --on-accent: #10131a; --wrong: #f2b8b5; --field: #1f2229; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 42rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.soft, .help { color: var(--soft); }
.help { display: block; font-size: .9rem; }
dl { margin: 0; display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .35rem 1rem; }
dt { color: var(--soft); } dd { margin: 0; white-space: pre-wrap; }
dl dl, li dl { border-left: 2px solid var(--line); padding-left: .75rem; }
ul { margin: 0; padding-left: 1.25rem; }
fieldset { border: 1px solid var(--line); border-radius: .4rem; margin: 1rem 0; padding: .5rem 1rem 1rem; }
legend, label { font-weight: 600; }
.field { margin: 1rem 0; } .field > label { display: block; }
.pick label { font-weight: 400; margin-right: 1.5rem; }
input:not([type=radio]), select, textarea { width: 100%; font: inherit; color: inherit;
  background: var(--field); border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .6rem; }
textarea { min-height: 6rem; } .json { font-family: ui-monospace, monospace; }
[aria-invalid=true] { border-color: var(--wrong); border-width: 2px; }
.wrong { color: var(--wrong); } .summary { border: 2px solid var(--wrong); border-radius: .4rem;
  padding: .5rem 1rem; margin: 1rem 0; } .summary a { color: inherit; }
button { font: inherit; font-weight: 600; padding: .6rem 1.4rem; border: 0; border-radius: .4rem;
  background: var(--accent); color: var(--on-accent); cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS: Mapping[str, str] = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-robots-tag": "noindex, nofollow",
}
"""What goes with every page: the address is a credential, and what is shown is confidential."""


def message_page(title: str, text: str) -> str:
    """A page that says one thing."""
    return _page(title, f"<h1>{escape(title)}</h1><p>{escape(text)}</p>")


def task_page(
    task: TaskDetail,
    form: Field,
    *,
    to: str,
    filled: Mapping[str, str] | None = None,
    issues: Sequence[Issue] = (),
) -> str:
    """The page of a task: what is asked, and the form for the answer.

    Args:
        task: The task.
        form: Made of its schema.
        to: Who looks at it.
        filled: What they have filled in; without it, the form begins with what the schema says.
        issues: What is wrong with that.
    """
    wrong = _placed(form, issues)
    fields = "".join(_field(each, filled, wrong) for each in form.fields or (form,))
    description = f"<p>{escape(task.description)}</p>" if task.description else ""
    comment = _input(
        COMMENT,
        "Comment (optional)",
        f'<textarea id="{COMMENT}" name="{COMMENT}">{escape((filled or {}).get(COMMENT, ""))}</textarea>',
    )
    return _page(
        task.name,
        f"<h1>{escape(task.name)}</h1>{description}"
        f'<p class="soft">{escape(_facts(task, to))}</p>'
        f"{_summary(form, wrong)}"
        f'<h2 id="request">The request</h2><section aria-labelledby="request">{_value(task.request)}</section>'
        f'<h2 id="yours">Your answer</h2><form method="post" aria-labelledby="yours" novalidate>'
        f'{fields}{comment}<button type="submit">Send</button></form>',
    )


def _facts(task: TaskDetail, to: str) -> str:
    facts = [f"For {to}."]
    if task.due_at is not None:
        facts.append(f"Due {task.due_at:%Y-%m-%d %H:%M} UTC.")
    if task.approval is not None and task.approval.needed > 1:
        facts.append(f"It takes {task.approval.needed} approvals.")
    if task.votes:
        facts.append(f"Answered so far: {task.votes}.")
    return " ".join(facts)


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )


# What is wrong


def _placed(form: Field, issues: Iterable[Issue]) -> dict[str, list[str]]:
    """What is wrong by the name of the field that it is shown at; the rest stands under nothing."""
    names = {".".join(("data", *leaf.path)): leaf.name for leaf in form.leaves()}
    found: dict[str, list[str]] = {}
    for issue in issues:
        place = issue.field
        while place and place not in names:
            place = place.rpartition(".")[0]
        found.setdefault(names.get(place, ""), []).append(issue.message)
    return found


def _summary(form: Field, wrong: Mapping[str, Sequence[str]]) -> str:
    if not wrong:
        return ""
    labels = {leaf.name: leaf.label for leaf in form.leaves()}
    items = [
        f'<li><a href="#{escape(name)}">{escape(labels[name])}</a></li>'
        if name
        else f"<li>{escape('; '.join(found))}</li>"
        for name, found in wrong.items()
    ]
    return (
        '<div class="summary wrong" role="alert"><strong>This cannot be sent yet. Look again at:</strong>'
        f"<ul>{''.join(items)}</ul></div>"
    )


# The form


def _field(
    field: Field, filled: Mapping[str, str] | None, wrong: Mapping[str, Sequence[str]]
) -> str:
    if field.kind == "group":
        inner = "".join(_field(each, filled, wrong) for each in field.fields)
        return f"<fieldset><legend>{escape(field.label)}</legend>{_help(field)}{inner}</fieldset>"
    name = escape(field.name)
    text = field.shown(field.given) if filled is None else filled.get(field.name, "")
    found = wrong.get(field.name, ())
    if found and not text.strip():  # what the schema says of it is for programs
        found = ("This is needed.",)
    told = f"{name}-help {name}-wrong" if found else f"{name}-help"
    marks = f'name="{name}" aria-describedby="{told}"' + (' aria-invalid="true"' if found else "")
    label = field.label if field.required else f"{field.label} (optional)"
    below = _help(field)
    if found:
        below += f'<p class="wrong" id="{name}-wrong">{escape("; ".join(found))}</p>'
    if field.kind == "yes_no":
        return _yes_no(name, label, marks, text, below)
    if field.kind == "choice":
        options = "".join(
            f'<option value="{index}"{" selected" if text == str(index) else ""}>'
            f"{escape(choice if isinstance(choice, str) else field_text(choice))}</option>"
            for index, choice in enumerate(field.choices)
        )
        control = f'<select id="{name}" {marks}><option value=""></option>{options}</select>'
        return _input(name, label, control, below)
    if field.kind in ("lines", "json"):
        style = ' class="json" spellcheck="false"' if field.kind == "json" else ""
        control = f'<textarea id="{name}" {marks}{style}>{escape(text)}</textarea>'
        more = '<span class="help">Written as JSON.</span>' if field.kind == "json" else ""
        return _input(name, label, control, more + below)
    kind = {"date": "date", "email": "email", "url": "url"}.get(field.kind, "text")
    mode = {"number": ' inputmode="decimal"', "integer": ' inputmode="numeric"'}.get(field.kind, "")
    control = f'<input id="{name}" type="{kind}"{mode} {marks} value="{escape(text)}">'
    return _input(name, label, control, below)


def _yes_no(name: str, label: str, marks: str, text: str, below: str) -> str:
    picks = ""
    for value, word in (("true", "Yes"), ("false", "No")):
        own = f' id="{name}"' if value == "true" else ""
        checked = " checked" if text == value else ""
        radio = f'<input type="radio"{own} {marks} value="{value}"{checked}>'
        picks += f"<label>{radio} {word}</label>"
    return f'<fieldset class="pick"><legend>{escape(label)}</legend>{picks}{below}</fieldset>'


def _input(name: str, label: str, control: str, below: str = "") -> str:
    return f'<div class="field"><label for="{name}">{escape(label)}</label>{control}{below}</div>'


def _help(field: Field) -> str:
    if field.kind == "group":
        return f'<span class="help">{escape(field.help)}</span>' if field.help else ""
    return f'<span class="help" id="{escape(field.name)}-help">{escape(field.help)}</span>'


# What is asked


def field_text(value: object) -> str:
    """A plain value as people read it."""
    match value:
        case None:
            return "nothing"
        case True:
            return "yes"
        case False:
            return "no"
        case _:
            return str(value)


def _value(value: object, depth: int = 0) -> str:
    if isinstance(value, Mapping) and value and depth < _DEEPEST:
        table = cast("Mapping[str, object]", value)
        rows = (
            f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{_value(each, depth + 1)}</dd>"
            for name, each in table.items()
        )
        return f"<dl>{''.join(rows)}</dl>"
    if isinstance(value, list) and value and depth < _DEEPEST:
        items = (f"<li>{_value(each, depth + 1)}</li>" for each in cast("list[object]", value))
        return f"<ul>{''.join(items)}</ul>"
    return escape(field_text(cast("object", value)) if value not in ({}, []) else "nothing")
