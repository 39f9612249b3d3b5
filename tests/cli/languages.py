"""A project in three languages: an order is placed in Python, charged in TypeScript, shipped in Go."""

from __future__ import annotations

from pathlib import Path

from tests.project.writing import write_project

PLACE = """
    from wistro import ApiRequest, ApiStep, Context

    config = ApiStep(
        name="Place an order",
        flows=["orders"],
        method="POST",
        path="/orders",
        emits=["order.placed"],
    )

    async def handler(request: ApiRequest, ctx: Context) -> dict:
        await ctx.emit("order.placed", request.body)
        return {"status": 202, "body": {"run": ctx.run_id}}
"""
CHARGE = """
    import type { EventConfig, Handler } from 'wistro'

    export const config = {
      type: 'event',
      name: 'Charge the card',
      flows: ['orders'],
      subscribes: ['order.placed'],
      emits: ['payment.taken'],
      input: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
    } as const

    export const handler = async (order: { id: string }, ctx: any): Promise<void> => {
      ctx.logger.info('charged', { id: order.id })
      await ctx.emit({ topic: 'payment.taken', data: { id: order.id } })
    }
"""
SHIP = """
    package steps

    import "wistro.dev/go"

    type Paid struct {
      ID string `json:"id"`
    }

    var Ship = wistro.Event(wistro.EventConfig{
      Name:       "Ship the parcel",
      Flows:      []string{"orders"},
      Subscribes: []string{"payment.taken"},
      Emits:      []string{"order.shipped"},
    }, func(ctx wistro.Context, paid Paid) error {
      ctx.Logger().Info("shipped", "id", paid.ID)
      return ctx.Emit("order.shipped", paid)
    })
"""
THANK = """
    from wistro import Context, EventStep

    config = EventStep(name="Thank the customer", flows=["orders"], subscribes=["order.shipped"])

    async def handler(order: dict, ctx: Context) -> None:
        ctx.logger.info("thanked", {"id": order["id"]})
"""


def write_shop(root: Path, project: str = "shop") -> Path:
    """Write the project."""
    return write_project(
        root,
        {
            "wistro.yml": f"project: {project}\n",
            "go.mod": "module example.com/shop\n\ngo 1.24\n",
            "package.json": '{"name": "shop", "private": true, "type": "module"}\n',
            "steps/place.step.py": PLACE,
            "steps/charge.step.ts": CHARGE,
            "steps/ship.step.go": SHIP,
            "steps/thank.step.py": THANK,
        },
    )
