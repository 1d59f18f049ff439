"""Speak to an installation over HTTP as an integrator's program does, with one account's access token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import aiohttp
import orjson

XML: Final = {"Content-Type": "application/xml"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, read whole."""

    status: int
    headers: Any
    raw: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.raw)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.raw.decode()

    @property
    def faults(self) -> dict[str, str]:
        """A problem's faults by path."""
        return {fault["path"]: fault["message"] for fault in self.json.get("errors", ())}


@dataclass(frozen=True, slots=True)
class Caller:
    """One account's program. `made` holds what `account create` gave."""

    session: aiohttp.ClientSession
    url: str
    made: dict[str, Any]

    @property
    def account_id(self) -> UUID:
        """The account."""
        return UUID(self.made["account_id"])

    async def send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> Answer:
        """Send a request with the access token; redirects are answers, not followed."""
        bearer = {"Authorization": f"Bearer {self.made['access_token']}"}
        return await self.anonymous(method, path, headers=bearer | (headers or {}), **options)

    async def anonymous(self, method: str, path: str, **options: Any) -> Answer:
        """Send a request as it stands."""
        url = path if path.startswith("http") else self.url + path
        async with self.session.request(method, url, allow_redirects=False, **options) as reply:
            return Answer(reply.status, reply.headers, await reply.read())

    async def get(self, path: str, **options: Any) -> Answer:
        """GET."""
        return await self.send("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Answer:
        """POST JSON, or nothing."""
        return await self.send("POST", path, **options, **({} if json is None else {"json": json}))

    async def patch(self, path: str, json: Any) -> Answer:
        """PATCH."""
        return await self.send("PATCH", path, json=json)

    async def put(self, path: str, json: Any) -> Answer:
        """PUT."""
        return await self.send("PUT", path, json=json)

    async def delete(self, path: str) -> Answer:
        """DELETE."""
        return await self.send("DELETE", path)

    async def made_of(self, path: str, json: Any, **options: Any) -> dict[str, Any]:
        """POST, and the object that came of it."""
        answer = await self.post(path, json, **options)
        assert answer.status in {200, 201}, answer.text
        return dict(answer.json)

    async def read(self, path: str) -> Any:
        """GET, and what it gave."""
        answer = await self.get(path)
        assert answer.status == 200, answer.text
        return answer.json

    async def items(self, path: str) -> list[dict[str, Any]]:
        """The items of a list's first page."""
        return list((await self.read(path))["items"])

    async def client(self, **fields: Any) -> dict[str, Any]:
        """A new client."""
        return await self.made_of("/v1/clients", {"name": "Ozola Design SIA"} | fields)

    async def sale(self, client_id: str, **fields: Any) -> dict[str, Any]:
        """An invoice of 138.66 at 19 %, issued: 165.01."""
        return await self.made_of("/v1/sales", an_invoice(client_id, **fields))

    async def payment(self, client_id: str, amount: str, *settles: tuple[str, str], **fields: Any) -> dict[str, Any]:
        """A payment that settles sales, each given as (id, amount)."""
        return await self.made_of("/v1/payments", a_payment(client_id, amount, *settles, **fields))

    async def channel(self, kind: str = "direct") -> dict[str, Any]:
        """A new channel."""
        return await self.made_of("/v1/channels", {"kind": kind})

    async def push(self, channel: dict[str, Any], body: bytes, **headers: str) -> Answer:
        """POST a document to a channel, as its sender would, as XML unless a header says otherwise."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.anonymous("POST", channel["url"], data=body, headers=XML | named)


def an_invoice(client_id: str | None = None, **fields: Any) -> dict[str, Any]:
    """An invoice of 138.66 at 19 %, issued at once: 165.01."""
    usual = {
        "sale_type": "sales_invoice",
        "currency": "EUR",
        "lines": [{"description": "Consulting", "quantity": "1", "unit_price": "138.66", "tax_rate": "19"}],
        "issue": True,
    }
    return usual | ({"client_id": client_id} if client_id else {}) | fields


def a_payment(client_id: str, amount: str, *settles: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """A payment by bank."""
    allocations = [{"sale_id": sale_id, "amount": part} for sale_id, part in settles]
    usual = {"client_id": client_id, "amount": amount, "currency": "EUR", "method": "bank", "allocations": allocations}
    return usual | fields


def a_document(ref: str = "A-17", **fields: Any) -> dict[str, Any]:
    """A supplier's invoice as JSON."""
    document = {
        "document_date": "2026-03-01",
        "document_ref": ref,
        "supplier": {"name": "Paper and Pens OÜ"},
        "client": {"name": "Baltic Trading OÜ"},
        "sale_type": "sales_invoice",
        "currency": "EUR",
        "lines": [{"description": "Paper A4", "quantity": "10", "unit_price": "4.20"}],
    }
    return {"document": document | fields}


def a_sale_xml(ref: str = "A-1", supplier: str = "One Man Shop", net: str = "100") -> bytes:
    """A `<Sale>` as a supplier's software posts it to a Direct channel."""
    return (
        "<Sale><Header><Document><DocumentDate>2026-02-01</DocumentDate>"
        f"<DocumentRef>{ref}</DocumentRef><SupplierData><SupplierName>{supplier}</SupplierName></SupplierData></Document>"
        "<SaleType>sales_invoice</SaleType><Currency>EUR</Currency></Header>"
        "<LineItems><LineItem><Item><ItemName>Work</ItemName></Item><Qty>1</Qty>"
        f"<Price>{net}</Price><LineTotal>{net}</LineTotal></LineItem></LineItems>"
        f"<Totals><GrossAmount>{net}</GrossAmount><NetAmount>{net}</NetAmount></Totals></Sale>"
    ).encode()
