"""An account with something on every screen of the console: for the crawl of all pages, and for their pictures."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from PIL import Image, ImageDraw

from contracts.primitives.ids import new_id
from tests.support.caller import Caller, a_document, an_invoice
from tests.support.eventually import eventually
from tests.support.listener import Endpoint
from tests.support.mails import a_mail

CLIENTS: Final = (
    ("Ozola Design SIA", "fr", "rekini@ozola.example"), ("Atelier Dupont SARL", "fr", "compta@dupont.example"),
    ("Talleres Ibarra SL", "es", "pagos@ibarra.example"), ("Nordwind Logistik GmbH", "en", "ap@nordwind.example"),
    ("Kuusk & Partners OÜ", "en", "arved@kuusk.example"), ("Mills & Sons Ltd", "en", "accounts@mills.example"),
)  # fmt: skip
MIME: Final = {"Content-Type": "message/rfc822"}
AGES: Final = (3, 20, 38, 55, 75, 120)  # days since an invoice was due
WEEKS: Final = (1, 2, 2, 3, 5, 6, 8, 9, 11)  # since a payment came in


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is: for each route of one thing, a path that leads to one."""

    places: dict[str, str]
    automation: dict[str, Any]
    client: dict[str, Any]


async def a_scene(caller: Caller, endpoint: Endpoint, mark: str = "") -> Scene:
    """Fill an account; `endpoint` gets what its hook and automation send, `mark` ends every text of a person."""
    hook = await caller.made_of(
        "/v1/hooks",
        {"target_url": endpoint.url, "name": f"Our warehouse{mark}", "triggers": ["sale.posted", "payment.posted"]},
    )
    automations = await _automations(caller, endpoint, mark)
    by_phone = await _collectors(caller, mark)
    clients = [
        await caller.client(
            name=f"{name}{mark}", locale=locale, email=email, phone="+371 67 000 111",
            comment=f"Call first{mark}", vat_number="LV40003000000",
            **({"collector_id": by_phone["id"]} if locale == "en" else {}),
            address={"street": f"Brīvības iela 1{mark}", "city": "Rīga", "postal_code": "LV-1010", "country": "LV"},
        )
        for name, locale, email in CLIENTS
    ]  # fmt: skip
    product = await caller.made_of(
        "/v1/products",
        {"code": "CONS", "name": f"Consulting{mark}", "unit": "h", "unit_price": "90.00", "tax_rate": "21"},
    )
    sales = await _sales(caller, clients, mark)
    payments = await _payments(caller, clients, mark)
    inbox = await _inbox(caller, mark)
    note = {
        "client_id": clients[0]["id"],
        "sale_id": sales["issued"]["id"],
        "body": f"Pays by the end of the month.{mark}",
    }
    await caller.made_of("/v1/notes", note)
    places = {
        "/clients/{id}": clients[0]["id"], "/products/{id}": product["id"], "/sales/{id}": sales["issued"]["id"],
        "/sales/{id}/edit": sales["draft"]["id"], "/payments/{id}": payments[0]["id"], "/hooks/{id}": hook["id"],
        "/automations/{id}": automations["draft"]["id"], "/journey/{id}": sales["issued"]["id"], **inbox,
        **await _access(caller, hook, automations, mark), **await _collecting(caller, clients, by_phone, mark),
    }  # fmt: skip
    return Scene(places, automations["draft"], clients[0])


async def _automations(caller: Caller, endpoint: Endpoint, mark: str) -> dict[str, dict[str, Any]]:
    big = {"where": "{{ trigger.data.total }}", "op": "gte", "value": "500"}
    text = "{{ trigger.data.number }}: {{ trigger.data.total }} {{ trigger.data.currency }}"
    definition: dict[str, Any] = {
        "name": f"Big invoices to the chat{mark}", "enabled": True, "trigger": {"key": "sale.posted"},
        "steps": [
            {"action": "filter", "input": big},
            {"action": "http_request", "input": {"url": endpoint.url, "body": {"text": text}}},
            {"action": "add_note", "input": {"client_id": "{{ trigger.data.client.id }}", "body": "Told the chat"}},
        ],
    }  # fmt: skip
    made = await caller.made_of("/v1/automations", definition)
    lower = {**definition, "steps": [{"action": "filter", "input": big | {"value": "200"}}, *definition["steps"][1:]]}
    drafted = await caller.put(f"/v1/automations/{made['id']}", lower)
    assert drafted.status == 200, drafted.text
    ask = {"message": "Thank {{ trigger.data.client.name }}?"}
    asking = {
        "name": f"Ask before thanking{mark}", "enabled": True, "trigger": {"key": "payment.posted"},
        "steps": [{"action": "approve", "input": ask}],
    }  # fmt: skip
    return {"draft": drafted.json, "asking": await caller.made_of("/v1/automations", asking)}


async def _collectors(caller: Caller, mark: str) -> dict[str, Any]:
    """The default one, whose mails wait for a person, and one that calls; the answer is the latter."""
    words = {
        "en": {"subject": f"{{{{ invoice.number }}}} is open{mark}",
               "body": f"Dear {{{{ client.contact }}}},\n\n{{{{ amount }}}} is open.{mark}"},
        "fr": {"subject": "{{ invoice.number }} reste due", "body": "Bonjour,\n\n{{ amount }} restent dus."},
        "es": {"subject": "{{ invoice.number }} está pendiente", "body": "Buenos días:\n\n{{ amount }} pendientes."},
    }  # fmt: skip
    mail = {"channel": "email", "anchor": "after_due", "automatic": False, "template": words}
    call = {"channel": "call", "anchor": "after_due", "automatic": False}
    final = next(one for one in await caller.items("/v1/collectors") if not one["default"])
    move = {
        "channel": "move",
        "anchor": "after_due",
        "delay": "P90D",
        "automatic": False,
        "target_collector_id": final["id"],
    }
    steps = [mail | {"delay": "P1D"}, mail | {"delay": "P14D"}, call | {"delay": "P30D"}, move]
    made = await caller.post("/v1/collectors", {"name": f"Friendly{mark}", "default": True, "steps": steps})
    assert made.status == 201, made.text
    calls = [call | {"delay": "P1D"}, mail | {"delay": "P100D"}]
    return await caller.made_of("/v1/collectors", {"name": f"By phone{mark}", "steps": calls})


async def _collecting(
    caller: Caller, clients: list[dict[str, Any]], by_phone: dict[str, Any], mark: str
) -> dict[str, str]:  # fmt: skip
    """A case, a call to make, what was said in calls, a reply of a client and one of an unknown sender."""

    async def found(path: str) -> Any:
        return next(iter(await caller.items(path)), None)

    case = await eventually(lambda: found(f"/v1/cases?client_id={clients[1]['id']}"), deadline_seconds=40)
    due = await eventually(lambda: found("/v1/calls?due=true"), deadline_seconds=40)
    promise = {"client_id": clients[1]["id"], "outcome": "promised", "note": f"By Friday{mark}",
               "promise": {"date": str(dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=4))}}  # fmt: skip
    await caller.made_of("/v1/calls", promise)
    disputed = {"client_id": clients[2]["id"], "outcome": "disputed", "note": f"Two hours too many{mark}"}
    call = await caller.made_of("/v1/calls", disputed)
    channel = await caller.made_of("/v1/channels", {"kind": "replies", "name": f"Answers to us{mark}"})
    for sender, text in ((clients[1]["email"], "We pay on Friday."), ("nobody@else.example", "Who are you?")):
        mail = a_mail(f"{text}{mark}", From=sender, Message_ID=f"<{sender}>")
        taken = await caller.anonymous("POST", channel["url"], data=bytes(mail), headers=MIME)
        assert taken.status == 200, taken.text
    reply = await eventually(lambda: found("/v1/messages?needs_response=true"))
    nobody = await eventually(lambda: found("/v1/messages?unmatched=true"))
    return {
        "/cases/{id}": case["id"], "/calls/{id}": due["id"], "/disputes/{id}": call["dispute_ids"][0],
        "/collectors/{id}": by_phone["id"], "/messages/{id}": reply["id"],
        "/messages/{id}/assign": f"/messages/{nobody['id']}/assign",
    }  # fmt: skip


async def _sales(caller: Caller, clients: list[dict[str, Any]], mark: str) -> dict[str, dict[str, Any]]:
    today = dt.datetime.now(tz=dt.UTC).date()
    line = {"item_code": "CONS", "description": f"Consulting{mark}", "unit": "h", "tax_rate": "21"}
    for number, days in enumerate(AGES):
        lines = [line | {"quantity": str(3 + number), "unit_price": f"{140 - number * 15}.00"}]
        due = today - dt.timedelta(days=days)
        await caller.sale(
            clients[number % len(clients)]["id"], lines=lines, document_date=str(due - dt.timedelta(days=14)),
            pay_term={"type": 0}, date_due=str(due),
        )  # fmt: skip
    lines = [line | {"quantity": "8", "unit_price": "90.00"}, {"description": "Travel", "quantity": "1",
             "unit_price": "64.50", "tax_rate": "21"}]  # fmt: skip
    issued = await caller.sale(clients[0]["id"], lines=lines, comment=f"Thank you for your trust.{mark}")
    draft = await caller.made_of("/v1/sales", an_invoice(clients[1]["id"], issue=False))
    await caller.made_of("/v1/sales", an_invoice(clients[2]["id"], sale_type="sales_estimate"))
    return {"issued": issued, "draft": draft}


async def _payments(caller: Caller, clients: list[dict[str, Any]], mark: str) -> list[dict[str, Any]]:
    today = dt.datetime.now(tz=dt.UTC).date()
    return [
        await caller.payment(
            clients[number % len(clients)]["id"], f"{120 + number * 45 % 260}.00",
            date=str(today - dt.timedelta(weeks=weeks)), reference=f"SEPA {1000 + number}{mark}",
        )
        for number, weeks in reversed(list(enumerate(WEEKS)))
    ]  # fmt: skip


async def _inbox(caller: Caller, mark: str) -> dict[str, str]:
    channel = await caller.made_of("/v1/channels", {"kind": "direct", "name": f"Supplier portal{mark}"})
    await caller.made_of("/v1/channels", {"kind": "orders", "name": f"Web shop{mark}"})
    supplier = {"name": f"Paper and Pens OÜ{mark}", "reg_number": "12345678"}
    line = {"description": f"Paper A4{mark}", "quantity": "10", "unit_price": "4.20", "tax_rate": "22"}
    pushed = []
    for ref in ("A-17", "A-18"):
        document = a_document(ref, supplier=supplier, lines=[line])
        if ref == "A-17":
            document["document"] |= {"net_amount": "42.00", "gross_amount": "51.24"}
        sent = await caller.anonymous("POST", channel["url"], json=document)
        assert sent.status == 200, sent.text
        pushed.append(sent.json["message_id"])
    form = aiohttp.FormData()
    form.add_field("file", a_picture(), filename="receipt.png", content_type="image/png")
    filed = await caller.send("POST", "/v1/inbox/purchases", data=form)
    assert filed.status == 201, filed.text
    accepted = await caller.post(f"/v1/inbox/purchases/{pushed[0]}/accept", {})
    assert accepted.status == 200, accepted.text
    buyer = {"name": f"Web buyer{mark}", "email": "buyer@shop.example"}
    ordered = a_document("W-1001", client=buyer, sale_type="sales_order", lines=[line])
    ordered["document"].pop("supplier")
    await caller.made_of("/v1/inbox/sales", ordered)
    bill = (await caller.items("/v1/bills"))[0]["id"]
    return {
        "/bills/{id}": bill, "/inbox/{box}/{id}": f"/inbox/purchases/{pushed[1]}",
        "file": f"/inbox/purchases/{filed.json['id']}",
    }  # fmt: skip


async def _access(caller: Caller, hook: dict[str, Any], automations: dict[str, Any], mark: str) -> dict[str, str]:
    await caller.made_of("/v1/tokens", {"name": f"Zapier{mark}", "scopes": ["read", "write"]})
    await caller.made_of(
        "/v1/connections", {"name": f"Sales chat{mark}", "kind": "chat", "url": "https://chat.example/hooks/1"}
    )
    user = await caller.made_of(
        "/v1/users",
        {"name": f"ben.{str(new_id())[-6:]}@office.example", "email": "ben@office.example", "role": "member"},
    )
    rows = "name,email\nAlma SIA,alma@shop.example\nBerg AS,not an address\n"
    imported = await caller.send("POST", "/v1/imports?kind=clients", data=rows, headers={"Content-Type": "text/csv"})
    assert imported.status == 201, imported.text
    runs = await _ended(caller, f"/v1/runs?automation_id={automations['draft']['id']}", ("succeeded",))
    waiting = await _ended(caller, f"/v1/runs?automation_id={automations['asking']['id']}", ("waiting",))
    delivery = await _ended(caller, f"/v1/deliveries?hook_id={hook['id']}", ("succeeded",))
    return {
        "/users/{id}": user["id"], "/imports/{id}": imported.json["id"], "/runs/{id}": runs, "waiting": waiting,
        "/deliveries/{id}": delivery,
    }  # fmt: skip


async def _ended(caller: Caller, path: str, states: tuple[str, ...]) -> str:
    async def found() -> str | None:
        return next((one["id"] for one in await caller.items(path) if one["state"] in states), None)

    return str(await eventually(found, deadline_seconds=30))


def a_picture() -> bytes:
    """A photographed receipt, as PNG."""
    image = Image.new("RGB", (420, 560), "#f4f1ea")
    draw = ImageDraw.Draw(image)
    for number, text in enumerate(("PAPER AND PENS OU", "Paper A4   10 x 4.20", "TOTAL      42.00 EUR")):
        draw.text((40, 60 + number * 60), text, fill="#333")
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()
