"""The measured projects in other languages: ten hops in each, and many steps to discover."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from bench.project import HOPS, compiled
from wistro.project import Compiled

_SETTINGS = """
    project: bench
    topics:
      empty.1: { external: true }
      node-chain.1: { external: true }
      go-chain.1: { external: true }
    endpoints: { port: 0 }
"""

_EMPTY = """
    from wistro import EventStep, Subscribe

    config = EventStep(
        name="Not reached",
        flows=["empty"],
        subscribes=[Subscribe(topic="empty.1", where="message.hop > 0")],
    )


    async def handler(order: dict) -> None: ...
"""

_PYTHON = """
    from wistro import EventStep

    config = EventStep(
        name="Hop {number}", flows=["{flow}"], subscribes=["{flow}.{number}"], emits=["{flow}.{after}"]
    )


    async def handler(order: dict, ctx) -> None:
        await ctx.emit("{flow}.{after}", order | {{"hop": order["hop"] + 1}})
"""

_TYPESCRIPT = """
    import type {{ EventConfig, Handler }} from 'wistro'

    interface Order {{
      id: string
      hop: number
      customer: string
      lines: string[]
    }}

    export const config = {{
      type: 'event',
      name: 'Hop {number}',
      flows: ['{flow}'],
      subscribes: ['{flow}.{number}'],
      emits: ['{flow}.{after}'],
      input: {{
        type: 'object',
        properties: {{
          id: {{ type: 'string' }},
          hop: {{ type: 'integer' }},
          customer: {{ type: 'string' }},
          lines: {{ type: 'array', items: {{ type: 'string' }} }},
        }},
        required: ['id', 'hop', 'customer', 'lines'],
      }},
    }} satisfies EventConfig

    export const handler = (async (order: Order, ctx) => {{
      await ctx.emit({{ topic: '{flow}.{after}', data: {{ ...order, hop: order.hop + 1 }} }})
    }}) as Handler<typeof config>
"""

_GO_ORDER = """
    package steps

    // Order is what travels from step to step.
    type Order struct {
        ID       string   `json:"id"`
        Hop      int      `json:"hop"`
        Customer string   `json:"customer"`
        Lines    []string `json:"lines"`
    }
"""

_GO = """
    package steps

    import "wistro.dev/go"

    var Hop{number} = wistro.Event(wistro.EventConfig{{
        Name:       "Hop {number}",
        Flows:      []string{{"{flow}"}},
        Subscribes: []string{{"{flow}.{number}"}},
        Emits:      []string{{"{flow}.{after}"}},
    }}, func(ctx wistro.Context, order Order) error {{
        order.Hop++
        return ctx.Emit("{flow}.{after}", order)
    }})
"""

_TEMPLATES = {"python": (_PYTHON, "py"), "node": (_TYPESCRIPT, "ts"), "go": (_GO, "go")}


def write_project(root: Path) -> Compiled:
    """Write the project with ten hops in each language, and its lock."""
    files = {"steps/empty.step.py": _EMPTY, "wistro.yml": _SETTINGS}
    for language in ("node", "go"):
        files |= _hops(language, HOPS, last="done")
    _write(root, files)
    return compiled(root)


def write_many(root: Path, language: str, count: int) -> None:
    """Write a project with many steps of one language."""
    _write(root, _hops(language, count, last=str(count + 1)))


def _hops(language: str, count: int, *, last: str) -> dict[str, str]:
    template, suffix = _TEMPLATES[language]
    flow = f"{language}-chain"
    files = {
        f"steps/{language}_{number}.step.{suffix}": template.format(
            flow=flow, number=number, after=number + 1 if number < count else last
        )
        for number in range(1, count + 1)
    }
    if language == "node":
        files["package.json"] = '{ "name": "bench", "private": true, "type": "module" }\n'
    if language == "go":
        files |= {"go.mod": "module bench\n\ngo 1.24\n", "steps/order.go": _GO_ORDER}
    return files


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip(), "utf-8")
