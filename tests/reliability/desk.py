"""A project whose flows are called, and wait in every way that there is.

A call is `{"id", "folder"}`. Who has to be at work for it says so with a file `begun` in that folder, and
works until there is a file `open`. Its answer is `{"id", "answer"}`.
"""

from __future__ import annotations

from collections.abc import Mapping

SECRET = {"HOOK_SECRET": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}

_RETRY = "heartbeat=timedelta(seconds=3), retry=Retry(attempts=30, first_delay=0.2, max_delay=1)"

_GATE = """
    import asyncio
    from pathlib import Path

    async def at_work(order):
        folder = Path(order["folder"])
        (folder / "begun").touch()
        while not (folder / "open").exists():
            await asyncio.sleep(0.05)
    """

_JUDGE_IN_PYTHON = f"""
    from datetime import timedelta
    from wistro import CallStep, Retry
    from .gate import at_work
    config = CallStep(name="Judge in Python", flows=["judge-python"], responds=True,
                      {_RETRY})
    async def handler(order, ctx):
        await at_work(order)
        return "python"
    """

_JUDGE_IN_TYPESCRIPT = """
    import { existsSync, writeFileSync } from 'node:fs'
    import type { CallConfig } from 'wistro'
    export const config = {
      type: 'call', name: 'Judge in TypeScript', flows: ['judge-node'], responds: true,
      heartbeat: 3, retry: { attempts: 30, firstDelay: 0.2, maxDelay: 1 },
    } satisfies CallConfig
    export const handler = async (order: { folder: string }) => {
      writeFileSync(`${order.folder}/begun`, '')
      while (!existsSync(`${order.folder}/open`)) await new Promise((done) => setTimeout(done, 50))
      return 'node'
    }
    """

_JUDGE_IN_GO = """
    package steps

    import (
        "os"
        "time"

        "wistro.dev/go"
    )

    type Order struct {
        ID     string `json:"id"`
        Folder string `json:"folder"`
    }

    var Judge = wistro.Call(wistro.CallConfig{
        Name: "Judge in Go", Flows: []string{"judge-go"}, Responds: wistro.RespondsAlways,
        Heartbeat: 3 * time.Second,
        Retry: &wistro.Retry{Attempts: 30, FirstDelay: 200 * time.Millisecond, MaxDelay: time.Second},
    }, func(ctx wistro.Context, order Order) (string, error) {
        if err := os.WriteFile(order.Folder+"/begun", nil, 0o600); err != nil {
            return "", err
        }
        for {
            if _, err := os.Stat(order.Folder + "/open"); err == nil {
                return "go", nil
            }
            select {
            case <-ctx.Done():
                return "", ctx.Err()
            case <-time.After(50 * time.Millisecond):
            }
        }
    })
    """

_ASK_FROM_PYTHON = f"""
    from datetime import timedelta
    from wistro import CallStep, Retry
    config = CallStep(name="Ask from Python", flows=["from-python"], responds=True,
                      {_RETRY})
    async def handler(order, ctx):
        return {{"id": order["id"], "answer": await ctx.call("judge-python", order)}}
    """

_ASK_FROM_TYPESCRIPT = """
    import type { CallConfig, Context } from 'wistro'
    export const config = {
      type: 'call', name: 'Ask from TypeScript', flows: ['from-node'], responds: true,
      heartbeat: 3, retry: { attempts: 30, firstDelay: 0.2, maxDelay: 1 },
    } satisfies CallConfig
    export const handler = async (order: { id: string }, ctx: Context) =>
      ({ id: order.id, answer: await ctx.call<string>('judge-python', order) })
    """

_ASK_FROM_GO = """
    package steps

    import (
        "time"

        "wistro.dev/go"
    )

    type Judgement struct {
        ID     string `json:"id"`
        Answer string `json:"answer"`
    }

    var Ask = wistro.Call(wistro.CallConfig{
        Name: "Ask from Go", Flows: []string{"from-go"}, Responds: wistro.RespondsAlways,
        Heartbeat: 3 * time.Second,
        Retry: &wistro.Retry{Attempts: 30, FirstDelay: 200 * time.Millisecond, MaxDelay: time.Second},
    }, func(ctx wistro.Context, order Order) (Judgement, error) {
        judgement := Judgement{ID: order.ID}
        err := ctx.Call("judge-python", order, &judgement.Answer)
        return judgement, err
    })
    """

_FIRST = f"""
    from datetime import timedelta
    from wistro import CallStep, Retry
    from .gate import at_work
    config = CallStep(name="Take the order", flows=["plain"], emits=["had"], {_RETRY})
    async def handler(order, ctx):
        await at_work(order)
        await ctx.emit("had", {{"request": order, "answer": "plain"}})
    """


def _waiting(flow: str, how: str, answer: str) -> dict[str, str]:
    """A flow whose noop waits for what `how` says, and that answers with the part `answer` of it."""
    name = flow.replace("-", "_")
    return {
        f"{name}_asked.step.py": f"""
            from wistro import CallStep
            config = CallStep(name="Take the order", flows=["{flow}"], emits=["asked"])
            async def handler(order, ctx):
                await ctx.emit("asked", order)
            """,
        f"{name}_waits.step.py": f"""
            from wistro import Await, CallFlow, NoopStep
            config = NoopStep(name="Wait", flows=["{flow}"], subscribes=["asked"], emits=["had"],
                              {how})
            """,
        **_answering(flow, answer),
    }


def _answering(flow: str, answer: str) -> dict[str, str]:
    return {
        f"{flow.replace('-', '_')}_answers.step.py": f"""
            from wistro import EventStep
            config = EventStep(name="Answer", flows=["{flow}"], subscribes=["had"], responds=True)
            async def handler(had, ctx):
                await ctx.respond({{"id": had["request"]["id"], "answer": had["answer"]{answer}}})
            """
    }


_VERDICT = 'input={"type": "object", "properties": {"verdict": {"type": "string"}}}'

FILES: Mapping[str, str] = {
    "package.json": '{ "name": "desk", "private": true, "type": "module" }',
    "go.mod": "module desk\n\ngo 1.24\n",
    "gate.py": _GATE,
    "judge.step.py": _JUDGE_IN_PYTHON,
    "judge_node.step.ts": _JUDGE_IN_TYPESCRIPT,
    "judge_go.step.go": _JUDGE_IN_GO,
    "ask.step.py": _ASK_FROM_PYTHON,
    "ask_node.step.ts": _ASK_FROM_TYPESCRIPT,
    "ask_go.step.go": _ASK_FROM_GO,
    "first.step.py": _FIRST,
    **_answering("plain", ""),
    **_waiting("ask-python", 'calls=CallFlow(flow="judge-python")', ""),
    **_waiting("ask-node", 'calls=CallFlow(flow="judge-node")', ""),
    **_waiting("ask-go", 'calls=CallFlow(flow="judge-go")', ""),
    **_waiting("ask-people", 'calls=CallFlow(flow="people")', '["answer"]'),
    **_waiting("people", _VERDICT, '["verdict"]'),
    **_waiting("payment", 'awaits=Await(topic="paid", where="message.id == request.id")', '["by"]'),
    "told.step.py": """
        from wistro import CallStep
        config = CallStep(name="Answer at once", flows=["told"], responds=True)
        async def handler(order, ctx):
            return {"id": order["id"], "answer": "told"}
        """,
    "wistro.yml": """
        answers:
          retry: [1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s,
                  2s, 2s, 2s, 2s, 2s, 2s, 2s, 2s, 2s, 2s]
          timeout: 60s
          webhooks: { secret: HOOK_SECRET, allow: ["http://127.0.0.1:*/*"] }
        topics:
          paid: { external: true }
        """,
}
