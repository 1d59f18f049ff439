"""The examples that the product was asked for with: what happens here is stored, sent and reported elsewhere."""

from __future__ import annotations

import csv
import io
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from authlib.integrations.httpx_client import OAuthError

from ingress.access.oauth.clients import create_client
from tests.flow.conftest import Deployment
from tests.support.caller import Caller, a_document
from tests.support.eventually import eventually
from tests.support.file_servers import Place, place
from tests.support.listener import Listener
from tests.support.oauth import BACK, Person, connected, send
from tests.support.smtp_server import SmtpServer


@pytest.fixture
async def webdav(tmp_path: Path) -> AsyncIterator[Place]:
    async with place("webdav", tmp_path) as made:
        yield made


@pytest.fixture
async def bucket(tmp_path: Path) -> AsyncIterator[Place]:
    async with place("s3", tmp_path) as made:
        yield made


async def connection(caller: Caller, made: Place) -> str:
    return str((await caller.made_of("/v1/connections", {"name": "Place"} | made.fields))["id"])


async def automation(caller: Caller, trigger: str, *steps: dict[str, Any]) -> None:
    made = {"name": f"On {trigger}", "trigger": {"key": trigger}, "steps": list(steps), "enabled": True}
    await caller.made_of("/v1/automations", made)


async def succeeded(caller: Caller, count: int = 1) -> list[dict[str, Any]]:
    """The outputs of the last steps of runs, once so many have ended well."""

    async def ended() -> list[dict[str, Any]]:
        found = await caller.items("/v1/runs")
        assert all(one["state"] != "failed" for one in found), found
        return found if [one["state"] for one in found] == ["succeeded"] * count else []

    runs = await eventually(ended, deadline_seconds=30)
    return [(await caller.read(f"/v1/runs/{run['id']}"))["steps"][-1]["output"] for run in runs]


async def test_each_new_client_is_a_row_of_a_table(caller: Caller, webdav: Place) -> None:
    step = {
        "action": "append_row",
        "connection_id": await connection(caller, webdav),
        "input": {
            "file": "crm/clients.csv",
            "columns": ["name", "email"],
            "values": {"name": "{{ trigger.data.name }}", "email": "{{ trigger.data.email }}"},
        },
    }
    await automation(caller, "client.created", step)
    for number in range(3):
        await caller.client(name=f"=Client {number}", email=f"client{number}@example.com")
    await succeeded(caller, 3)
    assert webdav.folder is not None
    written = (webdav.folder / "crm" / "clients.csv").read_text(encoding="utf-8")
    columns, *rows = csv.reader(io.StringIO(written))
    assert columns == ["name", "email", "row_id"]
    assert sorted(row[:2] for row in rows) == [[f"'=Client {n}", f"client{n}@example.com"] for n in range(3)]


async def test_each_new_sales_document_is_stored_as_pdf(caller: Caller, bucket: Place) -> None:
    step = {
        "action": "store_file",
        "connection_id": await connection(caller, bucket),
        "input": {"name": "sales/{{ trigger.data.number }}.pdf", "sale_id": "{{ trigger.data.id }}"},
    }
    await automation(caller, "sale.posted", step)
    sale = await caller.sale((await caller.client())["id"])
    (output,) = await succeeded(caller)
    assert (output["name"], output["stored"]) == (f"sales/{sale['number']}.pdf", True)
    pdf = (await caller.get(f"/v1/sales/{sale['id']}/pdf")).raw
    assert output["sha256"] == sha256(pdf).hexdigest()
    same = {"name": output["name"], "content_base64": b64encode(pdf).decode(), "connection_id": step["connection_id"]}
    assert (await caller.made_of("/v1/actions/store_file", same))["stored"] is False


async def test_a_payment_is_posted_to_the_chat_and_by_mail(
    caller: Caller, listener: Listener, mail_server: SmtpServer
) -> None:
    chat = listener.endpoint(usual=200)
    await caller.patch("/v1/account", {"email": "books@baltic.example"})
    text = "{{ trigger.data.amount }} {{ trigger.data.currency }} from {{ trigger.data.client.name }}"
    to = f"owner-{caller.account_id}@baltic.example"
    await automation(
        caller,
        "payment.posted",
        {"action": "post_chat_message", "input": {"url": chat.url, "text": text}},
        {"action": "send_email", "input": {"to": [to], "subject": "Payment", "body": text}},
    )
    client = await caller.client()
    await caller.payment(client["id"], "25.00")
    (output,) = await succeeded(caller)
    assert output["accepted"] == [to]
    assert [one.body["text"] for one in await chat.receives(1)] == ["25.00 EUR from Ozola Design SIA"]


async def test_a_contact_posted_by_another_application_is_a_client(caller: Caller) -> None:
    channel = await caller.made_of("/v1/channels", {"kind": "hook", "name": "Contact form"})
    step = {
        "action": "find_or_create_client",
        "input": {"name": "{{ trigger.data.body.name }}", "email": "{{ trigger.data.body.email }}"},
    }
    await automation(caller, "webhook.received", step)
    for _ in range(2):
        posted = await caller.anonymous(
            "POST", channel["url"], json={"name": "Aija Ozola", "email": "aija@ozola.example"}
        )
        assert posted.status == 200
    created = await succeeded(caller, 2)
    (client,) = await caller.items("/v1/clients")
    assert (client["name"], client["email"]) == ("Aija Ozola", "aija@ozola.example")
    assert sorted(one["created"] for one in created) == [False, True]


@pytest.mark.parametrize("form", ["paytraq", "ubl"])
async def test_an_invoice_arrives_in_the_buyers_inbox_as_it_was_sent(deployment: Deployment, form: str) -> None:
    seller, buyer = await deployment.account("Baltic Trading OÜ"), await deployment.account("Ozola Design SIA")
    inbox = await buyer.channel("direct")
    details = {
        "legal_name": "Baltic Trading OÜ", "reg_number": "12345678", "vat_number": "EE123456789",
        "endpoint_id": "0191:12345678", "address": {"street": "Pikk 1", "city": "Tallinn", "country": "EE"},
    }  # fmt: skip
    assert (await seller.patch("/v1/account", details)).status == 200
    address = {"street": "Brivibas 2", "city": "Riga", "postal_code": "LV-1010", "country": "LV"}
    client = await seller.client(address=address, vat_number="LV40003000000")
    step = {"action": "send_direct", "input": {"sale_id": "{{ trigger.data.id }}", "url": inbox["url"], "format": form}}
    await automation(seller, "sale.posted", step)
    sale = await seller.sale(client["id"])
    (output,) = await succeeded(seller)
    (message,) = await eventually(lambda: buyer.items("/v1/inbox/purchases"))
    assert (output["message_id"], output["duplicate"]) == (message["id"], False)
    written = (await seller.get(f"/v1/sales/{sale['id']}/{form}")).raw
    assert (await buyer.get(f"/v1/inbox/purchases/{message['id']}/raw")).raw == written
    document = message["document"]
    assert (document["document_ref"], document["supplier"]["name"]) == (sale["number"], "Baltic Trading OÜ")
    assert document["gross_amount"] == sale["total"]
    again = await seller.made_of(
        "/v1/actions/send_direct", {"sale_id": sale["id"], "url": inbox["url"], "format": form}
    )
    assert (again["message_id"], again["duplicate"]) == (message["id"], True)


async def test_a_connected_application_works_until_the_quota_and_until_it_is_disconnected(
    deployment: Deployment,
) -> None:
    owner = await deployment.account(clients_max=1, products_max=1)
    client = await create_client(deployment.pool, "Zapier", [BACK], confidential=True)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        person = Person(deployment.url, browser, owner.made["login"])
        app = await connected(deployment, client, person)
        token = app.token["access_token"]
        for key, given, another in (
            ("create_client", {"name": "Ozola Design SIA"}, {"name": "Two"}),
            ("create_product", {"code": "PEN", "name": "Blue pen"}, {"code": "INK", "name": "Ink"}),
        ):
            made = await send(deployment, token, "POST", f"/v1/actions/{key}", json=given)
            assert made.status == 201, made.text
            refused = await send(deployment, token, "POST", f"/v1/actions/{key}", json=another)
            assert (refused.status, refused.json["code"]) == (403, "quota_exceeded")
        (application,) = await owner.items("/v1/applications")
        assert (await owner.delete(f"/v1/applications/{application['id']}")).status == 200
        assert (await send(deployment, token, "GET", "/v1/me")).status == 401
        with pytest.raises(OAuthError):
            await app.refresh_token(f"{deployment.url}/oauth/token")
        again = await connected(deployment, client, person)
        assert (await send(deployment, again.token["access_token"], "GET", "/v1/me")).status == 200


async def test_a_suppliers_file_is_in_the_purchase_inbox(caller: Caller) -> None:
    pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    sent = a_document() | {"file": {"name": "scan.pdf", "content": b64encode(pdf).decode()}}
    pushed = await caller.made_of("/v1/actions/create_purchase", sent)
    (message,) = await caller.items("/v1/inbox/purchases")
    assert (message["id"], message["file"]["name"]) == (pushed["id"], "scan.pdf")
    assert (await caller.get(f"/v1/inbox/purchases/{message['id']}/file")).raw == pdf
    accepted = await caller.made_of(f"/v1/inbox/purchases/{message['id']}/accept", {})
    assert accepted["state"] == "accepted"
