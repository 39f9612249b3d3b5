"""What the demo shows: five things that happen at a support desk."""

from __future__ import annotations

import asyncio
import json

import httpx

from .desk import Desk
from .tabs import Tab
from .teller import Teller

ADA, GRACE = "ada@example.com", "grace@example.com"
LEAD, CHIEF = "lena@example.com", "chief@example.com"
PATIENCE = 120.0
"""Seconds for everything."""


class StuckError(Exception):
    """Something that should happen does not."""


async def play(desk: Desk, teller: Teller) -> None:
    """Let everything happen.

    Raises:
        StuckError: it does not go on.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            await _play(desk, teller)
    except TimeoutError:
        raise StuckError(
            f"“{teller.title}” does not go on\n"
            "hint: `KEEP=<folder>` keeps the log, `wistro.log` in that folder"
        ) from None


async def _play(desk: Desk, teller: Teller) -> None:
    async with (
        desk.tab(ADA, "first") as first,
        desk.tab(ADA, "second") as second,
        desk.tab(GRACE, "only") as grace,
    ):
        await a_caller_waits(desk, teller)
        await a_small_refund(desk, teller, (first, second), grace)
        await a_large_refund(desk, teller)
        await a_late_refund(desk, teller, grace)
        await an_order_that_is_not_there(desk, teller)
        teller.scene("In the end")
        counts = [len(tab.answers) for tab in (first, second, grace)]
        teller.hold("each tab got what was for its customer, once", counts, [1, 1, 1])


async def a_caller_waits(desk: Desk, teller: Teller) -> None:
    """The waiting caller."""
    teller.scene("A caller asks where an order is, and waits for the answer")
    answer = await desk.anybody.post(
        "/call/support", json={"input": {"order_id": "1003", "wish": "where"}}
    )
    text = answer.json().get("data", {}).get("text")
    expected = "“Nanosecond of wire” is on its way (parcel P-000124)."
    teller.hold(f"{answer.status_code} {text}", (answer.status_code, text), (200, expected))


async def a_small_refund(desk: Desk, teller: Teller, tabs: tuple[Tab, Tab], stranger: Tab) -> None:
    """A user's channel."""
    teller.scene("Ada talks to the assistant; the answer comes to her tabs")
    page = await desk.anybody.get("/desk")
    policy = page.headers.get("content-security-policy", "")
    teller.hold("the page is there", (page.status_code, "sha256-" in policy), (200, True))
    words = "I'd like my money back for order 1001"
    said, call_id = await tabs[0].say(words)
    teller.tell(f"Ada: {words}")
    teller.tell(f"Assistant: {said}")
    for tab in tabs:
        text = (await tab.answer(call_id))["data"]["text"]
        expected = "We have paid back €24.00 for “Punched cards, 40 pieces”."
        teller.hold(f"her {tab.name} tab: {text}", text, expected)
    run = await desk.run("support", call_id)
    asked = [link["flow"] for link in run["links"] if link["flow"] == "risk"]
    teller.hold("before, the flow `risk` (TypeScript) was asked and awaited", asked, ["risk"])
    teller.hold("Grace's tab stays silent", stranger.answers, [])


async def a_large_refund(desk: Desk, teller: Teller) -> None:
    """A person, and a webhook."""
    teller.scene("The CRM asks for a large refund; a lead approves; a webhook brings the answer")
    call_id = await _refund(
        desk, "1002", {"target": "webhook", "url": desk.crm.url}, {"case": "C-77"}
    )
    task = await desk.task(call_id)
    teller.tell("wistro inbox list")
    teller.quote(await desk.command("inbox", "list"))
    data = json.dumps({"approved": True})
    teller.tell(f"wistro inbox answer {task[:6]} --data '{data}' --as {LEAD}")
    await desk.command("inbox", "answer", task, "--data", data, "--as", LEAD)
    while len(desk.crm.received) < 2:
        await asyncio.sleep(0.05)
    first, second = desk.crm.received
    teller.hold("the CRM is out of order: 503", first.status, 503)
    got = second.message["data"]
    text = got["data"]["text"]
    teller.hold(
        f"the CRM gets it again, signed, the same delivery: {text}",
        (second.status, second.id, text),
        (204, first.id, "We have paid back €1,849.00 for “Analytical engine”."),
    )
    meta = got["response_meta"]
    teller.hold(f"with what it wanted back: {json.dumps(meta)}", meta, {"case": "C-77"})


async def a_late_refund(desk: Desk, teller: Teller, tab: Tab) -> None:
    """A link for somebody without an account, and a tab that is away."""
    teller.scene("Grace asks for a late refund and closes the page; the chief says no, by a link")
    call_id = await tab.ask(order_id="1004", wish="refund")
    await tab.close()
    task = await desk.task(call_id)
    teller.tell(f"wistro inbox link {task[:6]} --to {CHIEF}")
    link = (await desk.command("inbox", "link", task, "--to", CHIEF)).strip()
    teller.quote(f"{link[:60]}…")
    async with httpx.AsyncClient(trust_env=False) as browser:
        shown = await browser.get(link)
        teller.hold(
            "the link shows a form", (shown.status_code, "<form" in shown.text), (200, True)
        )
        form = {"/approved": "false", "/reason": "it was bought more than a month ago"}
        answered = await browser.post(link, data=form)
        teller.hold("the chief says no", answered.status_code, 200)
        again = await browser.post(link, data=form)
        teller.hold("the link answers once: 410 the second time", again.status_code, 410)
    await tab.open()
    text = (await tab.answer(call_id))["data"]["text"]
    expected = (
        "We cannot pay back “Brass gears, toothed, 2 pieces”: it was bought more than a month ago."
    )
    teller.hold(f"Grace comes back: {text}", text, expected)


async def an_order_that_is_not_there(desk: Desk, teller: Teller) -> None:
    """An error that the caller may know."""
    teller.scene("An order that is not there, and one that is somebody else's")
    wanted = {"input": {"order_id": "9999", "wish": "where"}}
    await _refused(desk.anybody, teller, wanted, {}, "9999")
    wanted = {"input": {"order_id": "1001", "wish": "refund"}}
    teller.tell("Grace asks for the refund of an order of Ada's")
    await _refused(desk.manager, teller, wanted, {"wistro-as": GRACE}, "1001")


async def _refused(
    http: httpx.AsyncClient,
    teller: Teller,
    wanted: dict[str, object],
    headers: dict[str, str],
    order: str,
) -> None:
    answer = await http.post("/call/support", json=wanted, headers=headers)
    error = answer.json().get("error", {})
    told = f"there is no order {order}" in error.get("message", "")
    text = f"{answer.status_code} {error.get('code')}: there is no order {order}"
    teller.hold(text, (answer.status_code, error.get("code"), told), (404, "unknown_order", True))


async def _refund(desk: Desk, order: str, respond_to: dict[str, str], meta: object) -> str:
    called = await desk.anybody.post(
        "/call/support",
        json={
            "input": {"order_id": order, "wish": "refund"},
            "respond_to": respond_to,
            "response_meta": meta,
        },
    )
    return called.raise_for_status().json()["call_id"]
