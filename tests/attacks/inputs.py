"""The attacks: each sends hostile input from one account, or without a credential, and returns the answer."""

from __future__ import annotations

import asyncio
import base64
import gzip
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp
import orjson

MIB = 1024 * 1024
SLOW_SENDERS = 130
SLOW_SECONDS = 20
READERS = 20
PDFS = 20
DOCUMENT_BYTES = 18 * MIB
DOCUMENTS = 10
LINES = 3_000
INVOICE = b"""<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>NUMBER</cbc:ID><cbc:IssueDate>2026-05-01</cbc:IssueDate><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject
 mimeCode="application/pdf" filename="a.pdf">PDF</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>
</cac:AdditionalDocumentReference><cac:AccountingSupplierParty><cac:Party><cac:PartyLegalEntity>
<cbc:RegistrationName>Paper Ltd</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party></cac:AccountingSupplierParty>
<cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount currencyID="EUR">1</cbc:TaxExclusiveAmount>
<cbc:TaxInclusiveAmount currencyID="EUR">1</cbc:TaxInclusiveAmount>
<cbc:PayableAmount currencyID="EUR">1</cbc:PayableAmount>
</cac:LegalMonetaryTotal><cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity>1</cbc:InvoicedQuantity>
<cbc:LineExtensionAmount currencyID="EUR">1</cbc:LineExtensionAmount><cac:Item><cbc:Name>Work</cbc:Name></cac:Item>
<cac:Price><cbc:PriceAmount currencyID="EUR">1</cbc:PriceAmount></cac:Price></cac:InvoiceLine></Invoice>"""


@dataclass(slots=True)
class Attacker:
    """One account with its credentials and channels."""

    url: str
    session: aiohttp.ClientSession
    token: str
    hook_url: str = ""
    direct_url: str = ""
    other: Attacker | None = None  # another account

    async def post(self, path: str, body: bytes | Any, **headers: str) -> int:
        """Post bytes, or anything else as JSON, with credentials; answer the status (0: the connection was closed)."""
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"} | headers
        return await self._send("POST", path, data, headers)

    async def push(self, url: str, body: bytes, content_type: str, **headers: str) -> int:
        """Post to a channel, without credentials."""
        return await self._send("POST", url, body, {"Content-Type": content_type, **headers})

    async def get(self, path: str) -> int:
        """Get with credentials and read all of it."""
        return await self._send("GET", path, None, {"Authorization": f"Bearer {self.token}"})

    async def made(self, path: str, body: Any) -> dict[str, Any]:
        """Post JSON that must succeed; answer the object."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.session.post(path, json=body, headers=headers) as answer:
            assert answer.status < 300, await answer.text()
            return dict(await answer.json())

    async def _send(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> int:
        try:
            async with self.session.request(method, url, data=body, headers=headers) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0


Attack = Callable[[Attacker], Awaitable[str]]
ATTACKS: dict[str, Attack] = {}


def attack(function: Attack) -> Attack:
    """Add an attack under its name."""
    ATTACKS[function.__name__] = function
    return function


def counted(statuses: list[int]) -> str:
    """How often each status was answered; 0 is a connection that was closed."""
    return ", ".join(f"{count} x {status}" for status, count in sorted(Counter(statuses).items()))


@attack
async def nested_json(who: Attacker) -> str:
    """JSON nested up to 100,000 levels, to a hook channel and to the API."""
    bodies = [b"[" * depth + b"]" * depth for depth in (33, 199, 251, 252, 1_000, 100_000)]
    pushed = [await who.push(who.hook_url, body, "application/json") for body in bodies]
    return counted(pushed + [await who.post("/v1/clients", body) for body in bodies])


@attack
async def faults_with_long_paths(who: Attacker) -> str:
    """490 KB of JSON in which every value below a long key is refused."""
    nul = b'{"' + b"k" * 2_000 + b'": [' + b",".join([b'"\\u0000"'] * 50_000) + b"]}"
    wrong = {"sale_type": "sales_invoice", "currency": "EUR", "lines": [{"x" * 200: 1}] * 2_000}
    pushed = [await who.push(who.hook_url, nul, "application/json") for _ in range(10)]
    return counted(pushed + [await who.post("/v1/sales", wrong) for _ in range(5)])


@attack
async def many_templates(who: Attacker) -> str:
    """569 KB of templates in one automation, each wrong."""
    step = {
        "action": "http_request",
        "input": {"url": "https://x.example", "body": {f"k{n}": "{{ trigger.data.x | y" for n in range(20_000)}},
    }
    body = {"name": "t", "trigger": {"key": "webhook.received", "filters": {}}, "steps": [step]}
    return counted([await who.post("/v1/automations", body) for _ in range(3)])


@attack
async def endless_templates(who: Attacker) -> str:
    """Templates that would walk a range for ever, run by events."""
    texts = [
        "{% if (1..99999999999999) contains 1.5 %}x{% endif %}",
        "{% for i in (1..9999999) reversed %}{{ i }}{% endfor %}",
    ]
    for text in texts:
        step = {"action": "filter", "input": {"where": text, "op": "eq", "value": "1"}}
        automation = {
            "name": "endless",
            "trigger": {"key": "webhook.received", "filters": {}},
            "steps": [step],
            "enabled": True,
        }
        await who.post("/v1/automations", automation)
    statuses = [await who.push(who.hook_url, b'{"n": 1}', "application/json") for _ in range(5)]
    await asyncio.sleep(8)
    return counted(statuses)


@attack
async def readers_who_do_not_read(who: Attacker) -> str:
    """Large events, then polls of 200 of them by readers who take nothing."""
    body = orjson.dumps({"text": "x" * 200_000})
    statuses = [await who.push(who.hook_url, body, "application/json") for _ in range(200)]
    parts = urlsplit(who.url)
    head = (
        f"GET /v1/triggers/webhook.received/events?limit=200 HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Authorization: Bearer {who.token}\r\n\r\n"
    )
    writers = []
    for _ in range(READERS):
        _, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**12)
        writer.write(head.encode())
        writers.append(writer)
    await asyncio.sleep(10)
    for writer in writers:
        writer.close()
    return f"{counted(statuses)}; {READERS} readers"


@attack
async def slow_uploads(who: Attacker) -> str:
    """130 bodies of 1 MiB announced and sent drop by drop, with nothing but a channel's URL."""
    parts = urlsplit(who.direct_url)
    path = parts.path
    ended: list[bool] = []

    async def drip() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/xml\r\n"
        writer.write(f"{head}Content-Length: {MIB}\r\n\r\n".encode())
        try:
            for _ in range(SLOW_SECONDS):
                writer.write(b"<")
                await writer.drain()
                await asyncio.sleep(1)
                if reader.at_eof():
                    break
        except OSError:
            pass
        ended.append(reader.at_eof())
        writer.close()

    await asyncio.gather(*(drip() for _ in range(SLOW_SENDERS)))
    return f"{sum(ended)} of {SLOW_SENDERS} closed by the server"


def inflating() -> bytes:
    """1 MB of gzip that inflates to 1 GB; making it takes seconds."""
    step = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(MIB)
    return b"".join(step.compress(zeros) for _ in range(1_000)) + step.flush()


@attack
async def compressed_bodies(who: Attacker) -> str:
    """1 MB of gzip and deflate that inflate to 1 GB, to any path and without credentials."""
    bomb = await asyncio.to_thread(inflating)
    twice = gzip.compress(bomb)
    urls = ("/v1/clients", "/nothing-here", who.direct_url, who.hook_url)
    statuses = [
        await who.push(url, bomb, "application/json", **{"Content-Encoding": coding})
        for url in urls
        for coding in ("gzip", "deflate")
    ]
    return counted(
        [*statuses, await who.push(who.direct_url, twice, "application/xml", **{"Content-Encoding": "gzip, gzip"})]
    )


@attack
async def hostile_xml(who: Attacker) -> str:
    """XML of 1 MiB: empty elements, nesting, attributes, entities."""
    bodies = [
        b"<Sale>" + b"<x/>" * 250_000 + b"</Sale>",
        b"<Sale>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</Sale>",
        b"<Sale " + b" ".join(b'a%d=""' % n for n in range(90_000)) + b"/>",
        b"<Sale><Header>" + b"<LineItem><Qty>x</Qty></LineItem>" * 30_000 + b"</Header></Sale>",
        b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 1000 + b'">]><Sale>' + b"&b;" * 100_000 + b"</Sale>",
    ]
    return counted([await who.push(who.direct_url, body, "application/xml") for body in bodies for _ in range(3)])


@attack
async def imports_of_nothing(who: Attacker) -> str:
    """Files of 6 million blank lines and of 2 million bad lines."""
    blank = b"name,email\n" + b"\n" * 6_000_000
    bad = b"name,email\n" + b",x\n" * 2_000_000
    path = "/v1/imports?kind=clients&format=csv"
    return counted([await who.post(path, body, **{"Content-Type": "text/csv"}) for body in (blank, bad, blank)])


@attack
async def pdfs_of_line_breaks(who: Attacker) -> str:
    """20 PDFs at once of a document whose comment is line breaks."""
    line = {"description": "Work", "quantity": "1", "unit_price": "1", "tax_rate": "0"}
    sale = {"sale_type": "sales_invoice", "currency": "EUR", "client": {"name": f"B {uuid4().hex}"}, "lines": [line]}
    headers = {"Authorization": f"Bearer {who.token}"}
    async with who.session.post("/v1/sales", json=sale | {"comment": "\n" * 1_900}, headers=headers) as answer:
        made = await answer.json()
    if answer.status >= 300:
        return f"the document was answered {answer.status}"
    return counted(list(await asyncio.gather(*(who.get(f"/v1/sales/{made['id']}/pdf") for _ in range(PDFS)))))


@attack
async def guesses_of_credentials(who: Attacker) -> str:
    """2,000 wrong tokens, 50 at a time."""

    async def guess() -> int:
        headers = {"Authorization": f"Bearer lw_{uuid4().hex}"}
        async with who.session.get("/v1/me", headers=headers) as answer:
            return answer.status

    statuses: list[int] = []
    for _ in range(40):
        statuses += await asyncio.gather(*(guess() for _ in range(50)))
    return counted(statuses)


@attack
async def large_documents(who: Attacker) -> str:
    """Bodies of 1 MiB of valid JSON: many small values, to a hook channel, the API and an inbox."""
    many = orjson.dumps({"values": list(range(150_000))})
    deep = orjson.dumps([[[[n]]] for n in range(90_000)])
    line = {"description": "W", "quantity": "1", "unit_price": "1", "tax_rate": "21"}
    lines = {"sale_type": "sales_invoice", "currency": "EUR", "client": {"name": "B"}, "lines": [line] * 12_000}
    pushed = [await who.push(who.hook_url, body, "application/json") for body in (many, deep) for _ in range(5)]
    return counted(pushed + [await who.post("/v1/sales", lines) for _ in range(3)])


@attack
async def parallel_documents(who: Attacker) -> str:
    """8 UBL invoices of 18 MiB at once, a PDF inside each, from two accounts by channel and by API."""
    assert who.other is not None
    pdf = base64.b64encode(b"%PDF-1.7\n" + bytes(DOCUMENT_BYTES * 3 // 4))
    document = INVOICE.replace(b"PDF", pdf)

    async def send(sender: Attacker, number: int) -> int:
        body = document.replace(b"NUMBER", uuid4().hex.encode())
        if number % 2:
            return await sender.push(sender.direct_url, body, "application/xml")
        return await sender.post("/v1/inbox/purchases", body, **{"Content-Type": "application/xml"})

    return counted(list(await asyncio.gather(*(send(one, n) for n in range(4) for one in (who, who.other)))))


@attack
async def lists_of_large_documents(who: Attacker) -> str:
    """Lists of 200 documents of 3,000 lines each, 10 at once, and an export."""
    line = {"description": "Work " * 4, "quantity": "1", "unit_price": "1", "tax_rate": "21"}
    sale = {"sale_type": "sales_order", "currency": "EUR", "client": {"name": "B"}, "lines": [line] * LINES}
    made = [await who.post("/v1/sales", sale) for _ in range(DOCUMENTS)]
    read = await asyncio.gather(*(who.get("/v1/sales?limit=200") for _ in range(10)))
    return f"{counted(made)}; {counted([*read, await who.get('/v1/sales/export?format=jsonl')])}"
