"""The Node worker on a real Temporal server, with encrypted payloads."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.conftest import TemporalServer
from tests.worker_node.conftest import Shop, shop
from wistro.runs import DeliveryView, RunDetail

pytestmark = [pytest.mark.server, pytest.mark.slow]

PLACE = """
    from wistro import EventStep
    config = EventStep(name="Place an order", flows=["orders"], subscribes=["begin"],
                       emits=["order.placed"])
    async def handler(order, ctx):
        await ctx.emit("order.placed", order)
    """
CHARGE = """
    import { appendFileSync } from 'node:fs'
    import { Retryable, Terminal } from 'wistro'
    import { total } from './prices'
    import type { Context, EventConfig } from 'wistro'

    export const config = {
      type: 'event', name: 'Charge the card', flows: ['orders'], subscribes: ['order.placed'],
      emits: [{ topic: 'payment.taken' }, { topic: 'payment.checked', message: {
        type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } }],
      input: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
      retry: { attempts: 2, firstDelay: '1s', terminal: ['CardDeclined'] },
      timeout: '8s', heartbeat: '2s',
    } satisfies EventConfig

    const note = (text: string) => appendFileSync(process.env.NOTES!, `${text}\\n`)
    const sleep = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000))

    class PaymentError extends Error {}
    class CardDeclined extends PaymentError {}

    export const handler = async (order: any, ctx: Context<any>) => {
      note(`began ${ctx.attempt}`)
      switch (order.what) {
        case 'throw': throw new TypeError('the provider is away')
        case 'declined': throw new CardDeclined('no money')
        case 'terminal': throw new Terminal('never', { code: 'card_expired', hint: 'ask again' })
        case 'retry': if (ctx.attempt === 1) throw new Retryable('soon', { retryAfter: 0.1 }); break
        case 'undeclared': await ctx.emit('payment.tken' as any, {}); break
        case 'misfit': await ctx.emit('payment.checked', { id: 7 }); break
        case 'function': return { when: () => 1 }
        case 'exit': process.exit(3)
        case 'detached': void Promise.reject(new Error('nobody awaits')); break
        case 'secret': throw new Error(`401 for ${ctx.secrets.get('API_KEY')}`)
        case 'never': await new Promise(() => undefined); break
        case 'large': return 'x'.repeat(20_000_000)
        case 'stored': return 'x'.repeat(300_000).split('').map(() => Math.random()).join()
        case 'sleep':
          while (!ctx.cancelled && !order.stubborn) await sleep(0.05)
          if (order.stubborn) await new Promise(() => undefined)
          note(`stopped ${ctx.signal.aborted}`)
          return
        case 'work':
          ctx.heartbeat({ done: 1, of: 2 })
          await sleep(order.seconds)
          break
        case 'block': for (const end = Date.now() + 60_000; Date.now() < end;); break
      }
      ctx.logger.info('charged', { order: order.id })
      await ctx.state.set('payments', order.id, { total: total(order) })
      await ctx.emit({ topic: 'payment.taken', data: { id: order.id, total: total(order) } })
      note(`ended ${ctx.attempt}`)
    }
    """
PRICES = "export const total = (order: { total?: number }) => order.total ?? 1\n"
CLOSE = """
    from wistro import EventStep
    config = EventStep(name="Close the order", flows=["orders"], subscribes=["payment.taken"])
    async def handler(payment, ctx):
        return await ctx.state.get("payments", payment["id"]) | payment
    """
FILES = {
    "place.step.py": PLACE,
    "charge.step.ts": CHARGE,
    "prices.ts": PRICES,
    "close.step.py": CLOSE,
    "wistro.yml": "topics: { begin: { external: true } }\n",
}


def delivery(run: RunDetail, step: str) -> DeliveryView:
    (found,) = [each for each in run.deliveries if each.step == step]
    return found


async def charged(hosted: Shop, **order: object) -> DeliveryView:
    """What became of an order."""
    started = await hosted.emit("begin", {"id": "7", **order})
    return delivery(await hosted.ended(started), "charge")


async def test_an_encrypted_flow_through_both_languages(
    temporal_server: TemporalServer, folder: Path
) -> None:
    async with shop(temporal_server, folder, FILES) as hosted:
        assert hosted.node.said == [{"event": "ready"}]
        assert hosted.lock.steps["charge"].language == "node"
        secret = "4711 0815 karte"
        run = await hosted.ended(await hosted.emit("begin", {"id": secret, "total": 12.5}))
        assert run.status == "completed", run
        assert delivery(run, "close").output == {"total": 12.5, "id": secret}
        database = temporal_server.database.read_bytes()
        assert secret.encode() not in database
        stored = await charged(hosted, what="stored")
        assert isinstance(stored.output, str), stored
        assert len(stored.output) > 1_000_000
        # State, and lines of the journal, with tokens that the worker minted.
        entries = await hosted.journal.read()
        assert {"order": secret} in [dict(entry.fields) for entry in entries if entry.kind == "log"]
        kinds = {entry.kind for entry in entries if entry.step == "charge"}
        assert kinds == {"log", "delivery.started", "delivery.completed"}
        assert await hosted.node.stop() == 0


WRONG = {
    "throw": ("handler_error", 2),
    "declined": ("handler_error", 1),
    "terminal": ("card_expired", 1),
    "retry": (None, 2),
    "undeclared": ("undeclared_topic", 1),
    "misfit": ("validation_failed", 1),
    "function": ("validation_failed", 1),
    "exit": ("handler_exited", 1),
    "detached": (None, 1),
    "large": ("result_too_large", 1),
}
"""What a handler does, the code of the error that it becomes, and how many attempts are made."""


async def test_what_handlers_do_wrong(node_shop: Shop) -> None:
    found = dict(
        zip(WRONG, await asyncio.gather(*(charged(node_shop, what=w) for w in WRONG)), strict=True)
    )
    became = {
        what: (each.error and each.error.code, each.attempts[-1].number)
        for what, each in found.items()
    }
    assert became == WRONG
    assert node_shop.node.process
    assert node_shop.node.process.poll() is None
    said = [line["event"] for line in node_shop.node.logged()]
    assert "a promise that nobody awaits was rejected" in said
    # None of them is logged with a stack of ours, or twice.
    assert len([event for event in said if event == "attempt failed"]) == 9
    assert "at Activity" not in node_shop.node.log.read_text()


async def test_errors_are_in_terms_of_what_people_wrote(node_shop: Shop) -> None:
    error = (await charged(node_shop, what="throw")).error
    assert error
    assert (error.type, error.message) == ("TypeError", "the provider is away")
    line = next(n for n, text in enumerate(CHARGE.splitlines(), 1) if "'throw'" in text)
    assert error.stack
    assert error.stack.startswith("TypeError: the provider is away\n    at handler (")
    assert f"steps/charge.step.ts:{line}:" in error.stack
    assert len(error.stack.splitlines()) == 2, error.stack


async def test_a_message_that_does_not_fit(node_shop: Shop) -> None:
    found = delivery(await node_shop.ended(await node_shop.emit("begin", {})), "charge")
    assert found.error
    assert found.error.code == "validation_failed"
    assert found.error.details == {
        "issues": [{"field": "id", "message": "is missing"}],
        "hint": "change the sender or the schema so that the two agree",
    }


async def test_a_handler_that_never_ends_is_bounded(node_shop: Shop) -> None:
    found = await charged(node_shop, what="never")
    assert {attempt.error.code for attempt in found.attempts if attempt.error} == {"timeout"}


async def test_a_secret_is_hidden(node_shop: Shop) -> None:
    await node_shop.node.stop()
    await node_shop.node.start(API_KEY="s3cret-value")
    found = await charged(node_shop, what="secret")
    assert {attempt.error.message for attempt in found.attempts if attempt.error} == {"401 for •••"}
    assert "s3cret-value" not in node_shop.node.log.read_text()


@pytest.mark.parametrize("stubborn", [False, True])
async def test_a_cancelled_handler_is_told(node_shop: Shop, *, stubborn: bool) -> None:
    order = {"id": "7", "what": "sleep", "stubborn": stubborn}
    started = await node_shop.emit("begin", order)
    await node_shop.noted("began 1")
    await node_shop.engine.cancel(started.flow, started.run_id)
    run = await node_shop.ended(started)
    assert run.status == "cancelled"
    if not stubborn:
        await node_shop.noted("stopped true")


async def test_progress_arrives(node_shop: Shop) -> None:
    started = await node_shop.emit("begin", {"id": "7", "what": "work", "seconds": 5})
    await node_shop.noted("began 1")
    handle = node_shop.engine.client.get_workflow_handle(f"{started.flow}/{started.run_id}")
    converter = node_shop.runtime.data_converter
    async with asyncio.timeout(10):
        while True:
            (pending,) = (await handle.describe()).raw_description.pending_activities or [None]
            if pending and pending.heartbeat_details.payloads:
                details = await converter.decode(list(pending.heartbeat_details.payloads))
                break
            await asyncio.sleep(0.1)
    assert details == [{"done": 1, "of": 2}]
    # It takes longer than the heartbeat timeout: signs of life go on by themselves.
    assert delivery(await node_shop.ended(started), "charge").status == "completed"


async def test_a_killed_worker_loses_nothing(node_shop: Shop) -> None:
    started = await node_shop.emit("begin", {"id": "7", "what": "work", "seconds": 1})
    await node_shop.noted("began 1")
    node_shop.node.kill()
    await node_shop.node.start()
    run = await node_shop.ended(started)
    assert run.status == "completed"
    assert delivery(run, "charge").attempts[-1].number == 2
    assert node_shop.notes.read_text().split("\n").count("ended 2") == 1
    assert len([each for each in run.deliveries if each.step == "close"]) == 1


async def test_a_stopped_worker_hands_over_what_runs(node_shop: Shop) -> None:
    started = await node_shop.emit("begin", {"id": "7", "what": "work", "seconds": 6})
    await node_shop.noted("began 1")
    assert await node_shop.node.stop() == 0
    pending = delivery(await node_shop.until(started, lambda _: True), "charge")
    assert {a.error.code for a in pending.attempts if a.error} == {"worker_stopped"}
    await node_shop.node.start()
    found = delivery(await node_shop.ended(started), "charge")
    assert found.status == "completed"
    assert found.attempts[-1].number == 2


async def test_a_worker_whose_parent_is_gone_stops(node_shop: Shop) -> None:
    assert node_shop.node.control
    node_shop.node.control.close()
    assert await node_shop.node.exit_code() == 0


async def test_a_worker_that_nobody_hears_stops_too(node_shop: Shop) -> None:
    await node_shop.node.stop()
    await node_shop.node.start(unheard=True)
    await node_shop.ended(await node_shop.emit("begin", {"id": "7", "what": "work", "seconds": 0}))
    assert node_shop.node.control
    node_shop.node.control.close()
    assert await node_shop.node.exit_code() == 0


async def test_a_manifest_of_another_version_is_refused(node_shop: Shop) -> None:
    await node_shop.node.stop()
    manifest = node_shop.node.manifest
    manifest.write_text(manifest.read_text().replace('"version": 1', '"version": 2', 1))
    await node_shop.node.start()
    (_, said) = node_shop.node.said
    assert said["event"] == "failed"
    assert "version 2" in str(said["message"])
    assert "release" in str(said["hint"])
    assert await node_shop.node.exit_code() == 1
