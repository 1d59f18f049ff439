"""What a run needs before it can measure: accounts with a Direct channel and a hook each, and a receiver."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.bench.tenants import CreateAccount
from tests.support.http_load import LoadConnection, post_bytes, receive

_REF = re.compile(rb'"document_ref":"([^"]+)"')

INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<Sale><Header><Document><DocumentDate>2026-01-30</DocumentDate><DocumentRef>{ref}</DocumentRef>
<SupplierData><SupplierName>Ziemeļu Papīrs SIA</SupplierName></SupplierData>
<ClientData><ClientName>Baltic Trading OÜ</ClientName></ClientData></Document>
<SaleType>sales_invoice</SaleType><Operation>sell_goods</Operation><Currency>EUR</Currency><TaxBasis>1</TaxBasis>
<IncludeTax>false</IncludeTax><PayTerm><PayTermType>1</PayTermType><PayTermDays>14</PayTermDays></PayTerm>
<Comment>Thank you &amp; see you again</Comment><PaymentMethod>1</PaymentMethod></Header>
<LineItems><LineItem><Item><ItemCode>007</ItemCode><ItemBarCode>4750000000017</ItemBarCode><ItemName>Paper A4</ItemName>
</Item><Description>500 sheets</Description><Qty>10</Qty><Price>4.50</Price><LineDiscount>5</LineDiscount>
<LineTotal>42.75</LineTotal><Unit><UnitName>pack</UnitName></Unit></LineItem>
<LineItem><Item><ItemCode>113</ItemCode><ItemName>Toner</ItemName></Item><Qty>1</Qty><Price>60.00</Price>
<LineTotal>60.00</LineTotal></LineItem></LineItems>
<Totals><GrossAmount>124.33</GrossAmount><NetAmount>102.75</NetAmount></Totals></Sale>"""


@dataclass(slots=True)
class Scene:
    """Where to post, what was posted when, and what came back when (monotonic seconds by document reference)."""

    host: str
    port: int
    paths: list[str] = field(default_factory=list)
    sent: dict[str, float] = field(default_factory=dict)
    arrived: dict[str, float] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    doubled: int = 0
    refused: int = 0  # 503: to be sent again
    _numbers: Any = field(default_factory=count)

    def request(self) -> tuple[str, bytes]:
        """A new invoice for the next account in turn: its reference and the whole request."""
        number = next(self._numbers)
        ref = f"B-{number}"
        path = self.paths[number % len(self.paths)]
        return ref, post_bytes(path, INVOICE.format(ref=ref).encode(), "application/xml")

    def received(self, _: bytes, body: bytes) -> int:
        """The receiver: note when each reference came first."""
        match = _REF.search(body)
        if match is not None:
            ref = match[1].decode()
            if ref in self.arrived:
                self.doubled += 1
            else:
                self.arrived[ref] = time.monotonic()
                self.changed.set()
        return 204

    def connections(self, many: int) -> list[LoadConnection]:
        """Connections to the API."""
        return [LoadConnection(self.host, self.port) for _ in range(many)]


async def _post(session: aiohttp.ClientSession, url: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
    async with session.post(url, json=body, headers={"Authorization": f"Bearer {token}"}) as reply:
        reported = await reply.json(content_type=None)
        assert reply.status in {200, 201}, reported
        return dict(reported)


async def set_scene(url: str, create_account: CreateAccount, *, accounts: int) -> tuple[Scene, asyncio.Server]:
    """Make the accounts, each with a channel and a hook; a hook takes at most 25 deliveries a second by default."""
    host, port = url.removeprefix("http://").split(":")
    scene = Scene(host, int(port))
    server, endpoint = await receive(scene.received)
    async with aiohttp.ClientSession() as session:
        for number in range(accounts):
            token = (await create_account(f"Bench {number}"))["access_token"]
            channel = await _post(session, f"{url}/v1/channels", token, {"kind": "direct"})
            scene.paths.append(urlsplit(channel["url"]).path)
            hook = {"target_url": f"http://127.0.0.1:{endpoint}/{number}", "triggers": ["inbox.received"]}
            await _post(session, f"{url}/v1/hooks", token, hook)
    return scene, server
