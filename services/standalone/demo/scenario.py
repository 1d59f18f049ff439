"""Play the main job as a user would live it, print each step with its time, and fail on anything missing."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from importlib import resources
from pathlib import Path
from textwrap import shorten
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from standalone.demo.api import Api, DemoFailure
from standalone.demo.collecting import TRIGGERS as COLLECTING
from standalone.demo.collecting import play_collecting
from standalone.demo.mailbox import Mailbox
from standalone.demo.receiver import Receiver
from standalone.demo.waiting import WAIT_SECONDS_MAX, until

START_SECONDS_MAX = 60.0
TRIGGERS = ("inbox.received", "client.created", "sale.posted", "payment.posted")

DETAIL_CHARS_MAX = 70  # whole words: an id is never cut
console = Console(highlight=False, width=120)


async def play(*, url: str | None, token: str | None, receiver_host: str) -> int:
    """Run it against `url`, or against an installation started for the demo; return the exit status."""
    began = time.monotonic()
    local = receiver_host == "127.0.0.1"
    try:
        async with Receiver("127.0.0.1" if local else "0.0.0.0", receiver_host) as receiver:  # noqa: S104  as asked
            if url is not None:
                await _play(url, token or "", receiver)
            else:
                async with Mailbox() as mailbox, _own_installation(mailbox) as (own_url, own_token):
                    await _play(own_url, own_token, receiver, mailbox)
    except (DemoFailure, aiohttp.ClientError, TimeoutError) as failure:
        console.print(f"[bold red]demo failed[/]: {failure or type(failure).__name__}")
        return 1
    console.print(f"\n[bold green]All of it happened[/], in {time.monotonic() - began:.1f} s.")
    return 0


@asynccontextmanager
async def _own_installation(mailbox: Mailbox) -> AsyncIterator[tuple[str, str]]:
    """Run `ledgerwire up` on a free port with a temporary data directory and an account."""
    with tempfile.TemporaryDirectory(prefix="ledgerwire-demo-", ignore_cleanup_errors=True) as home:
        console.print("Starting Ledgerwire on the embedded default ...")
        environment = {"LEDGERWIRE_EGRESS_ALLOW": "127.0.0.0/8", "LEDGERWIRE_SMTP_URL": mailbox.url}
        process = await _spawn("up", "--port", "0", "--home", home, **environment)
        try:
            url = await _ready(process)
            console.print(f"  ready at {url}")
            yield url, await _make_account(Path(home))
        finally:
            if process.returncode is None:
                process.terminate()
            status = await asyncio.wait_for(process.wait(), START_SECONDS_MAX)
        if status != 0:
            raise DemoFailure(f"`ledgerwire up` ended with status {status}")


async def _spawn(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    # The demo shows the embedded default, whatever this shell points at.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("LEDGERWIRE_LOG") or "LEDGERWIRE" not in name
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "standalone.cli", *arguments, stdout=asyncio.subprocess.PIPE, env=inherited | environment
    )


async def _ready(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None  # noqa: S101  asked for above
    async with asyncio.timeout(START_SECONDS_MAX):
        line = (await process.stdout.readline()).decode()
    match = re.match(r"ready (http://\S+)", line)
    if match is None:
        raise DemoFailure(f"`ledgerwire up` did not start; its output was {line!r}")
    return match[1]


async def _make_account(home: Path) -> str:
    process = await _spawn("account", "create", "Baltic Trading OÜ", "--home", str(home))
    async with asyncio.timeout(START_SECONDS_MAX):
        output, _ = await process.communicate()
    if process.returncode != 0:
        raise DemoFailure("`ledgerwire account create` failed")
    return str(json.loads(output)["access_token"])


async def _play(url: str, token: str, receiver: Receiver, mailbox: Mailbox | None = None) -> None:
    async with aiohttp.ClientSession() as session:
        api = Api(session, url, token)
        me = await api.get("/v1/me")
        console.print(f"Working as [bold]{me['account']['name']}[/], server {me['server_version']}")
        await _subscribe(api, receiver)
        message_id = await _receive_invoice(api)
        client = await api.post("/v1/clients", {"name": "Aya Ozola", "type": "person", "email": "aya@customer.example"})
        console.print(f"client [bold]{client['name']}[/] created")
        sale = await _issue_invoice(api, client["id"])
        payment = await _pay(api, client["id"], sale)
        await _all_delivered(receiver)
        reply_id = await play_collecting(api, receiver, mailbox, console) if mailbox is not None else None
        _show_deliveries(receiver)
        for title, identifier, steps in (
            ("The supplier's invoice", message_id, ("accepted", "inbox.received")),
            ("The invoice issued", sale["id"], ("create_sale", "sale.posted")),
            ("The payment", payment["id"], ("record_payment", "payment.posted")),
        ):
            await _show_journey(api, title, identifier, steps)
        if reply_id is not None:
            await _show_journey(api, "The reply", reply_id, ("receive_message", "message.created"))


async def _subscribe(api: Api, receiver: Receiver) -> None:
    hook = await api.post(
        "/v1/hooks", {"target_url": receiver.hook_url, "triggers": [*TRIGGERS, *COLLECTING], "name": "Demo"}
    )
    receiver.secret = hook["secret"]
    console.print(f"hook on {', '.join([*TRIGGERS, *COLLECTING])} -> {receiver.hook_url}")
    chat = await api.post("/v1/connections", {"name": "Our chat", "kind": "chat", "url": receiver.chat_url})
    await api.post(
        "/v1/automations",
        {
            "name": "Big invoices to chat",
            "enabled": True,
            "trigger": {"key": "sale.posted", "filters": {"sale_type": ["sales_invoice"]}},
            "steps": [
                {"action": "filter", "input": {"where": "{{ trigger.data.total }}", "op": "gte", "value": "100"}},
                {
                    "action": "post_chat_message",
                    "connection_id": chat["id"],
                    "input": {
                        "text": "{{ trigger.data.number }}: {{ trigger.data.total }} {{ trigger.data.currency }}",
                    },
                },
            ],
        },
    )
    console.print("automation: when an invoice of 100 or more is posted, post to the chat")


async def _receive_invoice(api: Api) -> str:
    channel = await api.post("/v1/channels", {"kind": "direct", "name": "Suppliers"})
    xml = resources.files("standalone.demo").joinpath("messages/invoice.xml").read_bytes()
    first, again = [await api.post_xml(channel["url"], xml) for _ in range(2)]
    ids = [_element(text, "message_id") for _, text in (first, again)]
    if first[0] != 200 or again[0] != 200 or ids[0] != ids[1] or _element(again[1], "duplicate") != "true":  # noqa: PLR2004
        raise DemoFailure(f"the Direct channel answered {first} and then {again}")
    console.print(f"a supplier's invoice arrived over PayTraq Direct ({len(xml)} bytes), twice: kept once as {ids[0]}")
    return ids[0]


def _element(xml: str, name: str) -> str:
    match = re.search(rf"<{name}>([^<]*)</{name}>", xml)
    return match[1] if match else ""


async def _issue_invoice(api: Api, client_id: str) -> dict[str, Any]:
    body = {
        "sale_type": "sales_invoice",
        "client_id": client_id,
        "currency": "EUR",
        "issue": True,
        "lines": [{"description": "Consulting", "quantity": "1", "unit_price": "138.66", "tax_rate": "19"}],
    }
    sale = await api.post("/v1/sales", body, key="demo-sale")
    again = await api.post("/v1/sales", body, key="demo-sale")
    if sale["total"] != "165.01" or again["id"] != sale["id"]:
        raise DemoFailure(f"the invoice came out as {sale['total']}, again {again['id']} beside {sale['id']}")
    console.print(f"invoice [bold]{sale['number']}[/] issued: {sale['net']} + {sale['tax']} = {sale['total']} EUR")
    return sale


async def _pay(api: Api, client_id: str, sale: dict[str, Any]) -> dict[str, Any]:
    payment = await api.post(
        "/v1/payments",
        {
            "client_id": client_id,
            "amount": "165.01",
            "currency": "EUR",
            "method": "bank",
            "allocations": [{"sale_id": sale["id"], "amount": "165.01"}],
        },
    )
    settled = await api.get(f"/v1/sales/{sale['id']}")
    if settled["settlement"] != "paid" or settled["amount_due"] != "0.00":
        raise DemoFailure(f"after its payment the invoice is {settled['settlement']}, due {settled['amount_due']}")
    console.print(f"payment of 165.01 EUR recorded; {sale['number']} is paid")
    return payment


async def _all_delivered(receiver: Receiver) -> None:
    def missing() -> list[str]:
        got = {delivery.trigger for delivery in receiver.delivered}
        return [trigger for trigger in TRIGGERS if trigger not in got] + ([] if receiver.chat else ["the chat message"])

    await until(
        receiver.changed, lambda: not missing(), lambda: f"{', '.join(missing())} (refused: {receiver.refused})"
    )
    if receiver.refused:
        raise DemoFailure(f"deliveries with wrong signatures: {receiver.refused}")


def _show_deliveries(receiver: Receiver) -> None:
    table = Table(title="Deliveries, signatures verified", title_justify="left")
    for column in ("trigger", "webhook-id", "about", "after (ms)"):
        table.add_column(column)
    for one in receiver.delivered:
        data = one.body["data"]
        about = data.get("number") or data.get("name") or data.get("amount") or data.get("id")
        table.add_row(one.trigger, one.event_id, str(about), _since(one.body["timestamp"], one.at))
    console.print(table)
    console.print(f"chat heard: [bold]{receiver.chat[0]}[/]")


def _since(timestamp: str, at: float) -> str:
    return f"{(at - datetime.fromisoformat(timestamp).timestamp()) * 1000:.1f}"


async def _show_journey(api: Api, title: str, identifier: str, expected: tuple[str, ...]) -> None:
    """Print one journey; its last steps are committed a moment after the receiver saw the delivery."""
    ends = time.monotonic() + WAIT_SECONDS_MAX
    while True:
        entries = (await api.get(f"/v1/journey/{identifier}"))["entries"]
        steps = [str(entry["step"]) for entry in entries]
        if all(any(want in step for step in steps) for want in expected) and "delivered" in " ".join(steps):
            break
        if time.monotonic() > ends:
            raise DemoFailure(f"the journey of {identifier} shows only {steps}, not all of {expected} and its delivery")
        await asyncio.sleep(0.1)
    table = Table(title=f"{title}, step by step", title_justify="left")
    for column in ("+ ms", "service", "step", "detail"):
        table.add_column(column)
    for entry in entries:
        table.add_row(f"{entry['after_ms']:.1f}", entry["service"], entry["step"], _brief(entry.get("detail") or {}))
    console.print(table)


def _brief(detail: dict[str, Any]) -> str:
    text = ", ".join(f"{name} {value}" for name, value in detail.items() if value not in (None, "", [], {}))
    return shorten(text, DETAIL_CHARS_MAX, placeholder=" ...")
