"""Sample data through the public API: made under fixed references, so that making it twice makes it once."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from urllib.parse import quote

from console.api_client import ApiClient, Problem

PREFIX: Final = "ledgerwire-sample-"
CLIENTS: Final = (
    ("Sample: Atelier Dupont", "fr", "atelier@sample.example"),
    ("Sample: Talleres Ibarra", "es", "ibarra@sample.example"),
    ("Sample: Nordwind Logistik", "en", "nordwind@sample.example"),
)  # fmt: skip
PRODUCT: Final = {"code": "SAMPLE-HOUR", "name": "Sample: consulting hour", "unit": "h", "unit_price": "90.00"}
DUE_DAYS: Final = (45, 12, -10)  # since the invoice was due; the last one is not due yet
_TAKEN: Final = 409
_UNDONE: Final = frozenset({"void", "reversed"})
LOADS_A_DAY_MAX: Final = 20  # more than a person tries in a day; each look for a free reference is a request


async def is_loaded(api: ApiClient) -> bool:
    """Whether one of the sample clients is there and not archived."""
    return bool((await api.get("/v1/clients", {"external_id": f"{PREFIX}client-0"}))["items"])


async def load(api: ApiClient, *, currency: str, today: dt.date) -> None:
    """Make what is missing of the sample: clients, a product, issued invoices, a draft and a payment.

    Raises:
        Problem: the plan's limit is reached, or the API does not answer; what was made stays, and a repetition goes on.
    """
    clients = []
    for number, (name, locale, email) in enumerate(CLIENTS):
        given = {"name": name, "locale": locale, "email": email, "external_id": f"{PREFIX}client-{number}"}
        await _restore(api, "/v1/clients", {"external_id": given["external_id"]})
        clients.append(await api.post("/v1/clients", given, query={"on_conflict": "update"}))
    product = PRODUCT | {"currency": currency, "external_id": f"{PREFIX}product"}
    await _restore(api, "/v1/products", {"code": PRODUCT["code"]})
    await api.post("/v1/products", product, query={"on_conflict": "update"})
    for number, (client, days) in enumerate(zip(clients, DUE_DAYS, strict=True)):
        await _sale(api, client["id"], f"{PREFIX}invoice-{number}-{today}", currency, today - dt.timedelta(days=days))
    await _sale(api, clients[0]["id"], f"{PREFIX}draft-{today}", currency, None)
    payment = {
        "client_id": clients[2]["id"], "amount": "100.00", "currency": currency, "date": str(today), "method": "bank",
        "external_id": f"{PREFIX}payment-{today}",
    }  # fmt: skip
    await _once(api, "/v1/payments", payment)


async def _restore(api: ApiClient, path: str, query: dict[str, str]) -> None:
    """Bring back what an earlier removal has archived: an archived one takes no change."""
    for one in (await api.get(path, query | {"archived": "true"}))["items"]:
        if _is_ours(one):
            await api.send("PATCH", f"{path}/{one['id']}", body={"archived": False})


async def _sale(api: ApiClient, client_id: str, reference: str, currency: str, due: dt.date | None) -> None:
    line = {"description": "Consulting", "item_code": PRODUCT["code"], "quantity": "6", "unit_price": "90.00",
            "tax_rate": "21"}  # fmt: skip
    given: dict[str, Any] = {
        "sale_type": "sales_invoice", "client_id": client_id, "currency": currency, "lines": [line],
        "external_id": reference, "comment": "Sample data", "issue": due is not None,
    }  # fmt: skip
    if due is not None:
        given |= {"document_date": str(due - dt.timedelta(days=14)), "pay_term": {"type": 0}, "date_due": str(due)}
    await _once(api, "/v1/sales", given)


async def _once(api: ApiClient, path: str, given: dict[str, Any]) -> None:
    """Make it unless it is there; one that an earlier removal made void has a successor of the next reference."""
    for number in range(1, LOADS_A_DAY_MAX + 1):
        reference = given["external_id"] if number == 1 else f"{given['external_id']}-{number}"
        try:
            await api.post(path, given | {"external_id": reference})
        except Problem as problem:
            if problem.status != _TAKEN:
                raise
            found = (await api.get(path, {"external_id": reference}))["items"]
            if any(one["status"] in _UNDONE for one in found):
                continue
        return


async def remove(api: ApiClient) -> None:
    """Take the sample out: drafts deleted, invoices void, payments reversed; clients and products deleted or archived.

    Issued documents stay in the ledger, void: an issued number is never taken back.

    Raises:
        Problem: the API does not answer; a repetition goes on.
    """
    for number in range(len(CLIENTS)):
        found = await api.get("/v1/clients", {"external_id": f"{PREFIX}client-{number}"})
        for client in found["items"]:
            await _remove_of(api, client["id"])
            await api.send("DELETE", f"/v1/clients/{client['id']}")
    for product in (await api.get("/v1/products", {"code": PRODUCT["code"]}))["items"]:
        if product.get("external_id") == f"{PREFIX}product":
            await api.send("DELETE", f"/v1/products/{product['id']}")


async def _remove_of(api: ApiClient, client_id: str) -> None:
    payments = (await api.get("/v1/payments", {"client_id": client_id, "limit": 200}))["items"]
    for payment in payments:
        if _is_ours(payment) and payment["status"] == "confirmed":
            await api.post(f"/v1/payments/{quote(payment['id'])}/reverse", {})
    for sale in (await api.get("/v1/sales", {"client_id": client_id, "limit": 200}))["items"]:
        if not _is_ours(sale):
            continue
        if sale["status"] == "draft":
            await api.send("DELETE", f"/v1/sales/{sale['id']}")
        elif sale["status"] not in {"void", "voided"}:
            await api.post(f"/v1/sales/{sale['id']}/void", {})


def _is_ours(made: dict[str, Any]) -> bool:
    return str(made.get("external_id") or "").startswith(PREFIX)
