"""The n8n package: clean to its linters, and its compiled nodes against a running installation."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from standardwebhooks import Webhook

from tests.support import node
from tests.support.api_installation import House
from tests.support.apps.n8n import N8n, n8n_nodes
from tests.support.apps.program import AppError, Program
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver

PDF: Final = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture(scope="module")
async def nodes() -> AsyncIterator[Program]:
    async with n8n_nodes() as running:
        yield running


@pytest.fixture
async def workflow(nodes: Program, caller: Caller) -> N8n:
    return N8n(nodes, {"baseUrl": f"{caller.url}/", "accessToken": caller.made["access_token"]})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as running:
        yield running


@pytest.mark.long
async def test_both_linters_of_community_nodes_find_nothing() -> None:
    eslint = (await node.packages_of(node.N8N)) / "eslint" / "bin" / "eslint.js"
    assert await node.run(eslint, "--max-warnings", "0", ".", cwd=node.N8N) == ""


async def test_a_trigger_keeps_its_hook_while_the_workflow_is_active(
    workflow: N8n, caller: Caller, receiver: Receiver
) -> None:
    url, event = receiver.url("/n8n"), "sale.posted"
    assert await workflow.hook("checkExists", event, url) is False
    filters = {"sale_type": ["sales_invoice"], "external_id": "A-1, A-2"}
    assert await workflow.hook("create", event, url, filters=filters) is True
    hook = await caller.read(f"/v1/hooks/{workflow.kept['hookId']}")
    assert (hook["target_url"], hook["triggers"]) == (url, [event])
    assert hook["filters"] == {"sale_type": ["sales_invoice"], "external_id": ["A-1", "A-2"]}
    assert await workflow.hook("checkExists", event, url) is True
    assert await workflow.hook("checkExists", event, receiver.url("/moved")) is False
    hook_id = workflow.kept["hookId"]
    assert await workflow.hook("delete", event, url) is True
    assert ((await caller.get(f"/v1/hooks/{hook_id}")).status, workflow.kept) == (404, {})


async def test_a_workflow_that_lost_its_secret_gets_a_new_one(
    workflow: N8n, receiver: Receiver, caller: Caller
) -> None:
    url = receiver.url("/n8n")
    await workflow.hook("create", "client.created", url)
    first, workflow.kept = workflow.kept, {}
    await workflow.hook("create", "client.created", url)
    assert workflow.kept["hookId"] == first["hookId"]
    assert workflow.kept["secret"] not in {None, first["secret"]}
    await caller.client()
    await eventually(lambda: bool(receiver.on("/n8n")))
    delivered = receiver.on("/n8n")[0]
    assert (await workflow.deliver(delivered.headers, delivered.body))["answered"] == {}


async def test_a_delivery_becomes_an_item_with_its_pdf(workflow: N8n, caller: Caller, receiver: Receiver) -> None:
    await workflow.hook("create", "sale.posted", receiver.url("/n8n"))
    sale = await caller.sale((await caller.client())["id"])
    await eventually(lambda: bool(receiver.on("/n8n")))
    delivered = receiver.on("/n8n")[0]
    answer = await workflow.deliver(delivered.headers, delivered.body, downloadPdf=True)
    [[item]] = answer["returned"]["workflowData"]
    assert item["json"] == delivered.json
    assert item["binary"]["data"]["fileName"] == f"{sale['number']}.pdf"
    assert base64.b64decode(item["binary"]["data"]["data"]).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("minutes", "body", "secret", "fault"),
    [
        (0, b'{"data": {}}', None, None),
        (0, b'{"data": {"x": 1}}', None, "does not fit"),
        (0, b'{"data": {}}', "whsec_" + base64.b64encode(b"another secret, long enough").decode(), "does not fit"),
        (-6, b'{"data": {}}', None, "more than 300 s"),
        (6, b'{"data": {}}', None, "more than 300 s"),
    ],
)
async def test_only_what_is_signed_and_of_now_starts_the_workflow(
    workflow: N8n, receiver: Receiver, minutes: int, body: bytes, secret: str | None, fault: str | None
) -> None:
    await workflow.hook("create", "client.created", receiver.url("/n8n"))
    at = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)
    signature = Webhook(secret or workflow.kept["secret"]).sign("e-1", at, '{"data": {}}')
    headers = {"Webhook-Id": "e-1", "Webhook-Timestamp": str(int(at.timestamp())), "Webhook-Signature": signature}
    answer = await workflow.deliver(headers, body)
    if fault is None:
        assert answer["returned"]["workflowData"] == [[{"json": {"data": {}}}]]
    else:
        assert (answer["returned"], answer["answered"]["status"]) == ({"noWebhookResponse": True}, 401)
        assert fault in answer["answered"]["body"]["error"]


async def test_a_delivery_without_signature_is_refused(workflow: N8n, receiver: Receiver) -> None:
    await workflow.hook("create", "client.created", receiver.url("/n8n"))
    assert (await workflow.deliver({}, b"{}"))["answered"]["status"] == 401


async def test_actions_take_nested_fields_lists_and_dates(workflow: N8n, caller: Caller) -> None:
    more = {"address__city": "Rīga", "contacts": {"item": [{"name": "Rita", "email": "rita@ozola.example"}]}}
    client = (await workflow.act("create_client", name="Ozola Design SIA", additionalFields=more))["json"]
    assert (client["address"]["city"], client["contacts"][0]["name"]) == ("Rīga", "Rita")
    line = {"description": "Paper", "quantity": "10", "unit_price": "4.20", "taxes": '[{"rate": "21"}]'}
    details = {"client_id": client["id"], "document_date": "2026-03-02T00:00:00.000+02:00", "issue": True}
    sale = (
        await workflow.act(
            "create_document", sale_type="sales_invoice", lines={"item": [line]}, additionalFields=details
        )
    )["json"]
    assert (sale["document_date"], sale["lines"][0]["quantity"]) == ("2026-03-02", "10")
    date = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=7)).isoformat()
    more = {"sale_ids": sale["id"], "amount": "42.00", "currency": "EUR"}
    promise = await workflow.act("record_promise", client_id=client["id"], date=date, additionalFields=more)
    assert promise["json"]["date"] == date
    found = await workflow.act("find_sale", additionalFields={"number": sale["number"]})
    assert (found["json"]["found"], found["json"]["sale"]["id"], found["pairedItem"]) == (True, sale["id"], {"item": 0})


async def test_a_pdf_is_downloaded_as_binary_data(workflow: N8n, caller: Caller) -> None:
    sale = await caller.sale((await caller.client())["id"])
    item = await workflow.act("download_pdf", id=sale["id"], binaryPropertyName="invoice", facturx=False)
    pdf = (await caller.get(f"/v1/sales/{sale['id']}/pdf")).raw
    assert (item["json"]["id"], base64.b64decode(item["binary"]["invoice"]["data"])) == (sale["id"], pdf)


async def test_a_file_of_an_item_is_pushed_into_an_inbox(workflow: N8n, caller: Caller) -> None:
    binary = {"data": {"data": base64.b64encode(PDF).decode(), "fileName": "scan.pdf"}}
    lines = {"item": [{"description": "Paper", "quantity": "10", "unit_price": "4.20"}]}
    fields: dict[str, Any] = {
        "document__document_ref": "A-17", "document__document_date": "2026-03-01", "document__currency": "EUR",
        "document__supplier__name": "Paper and Pens OÜ", "document__sale_type": "sales_invoice",
        "document__lines": lines, "file__binary": "data",
    }  # fmt: skip
    pushed = await workflow.act("create_purchase", binary=binary, additionalFields=fields)
    message = await caller.read(f"/v1/inbox/purchases/{pushed['json']['id']}")
    assert (message["document"]["document_ref"], message["file"]["name"]) == ("A-17", "scan.pdf")


async def test_an_error_names_its_fields_and_may_be_an_item(workflow: N8n) -> None:
    with pytest.raises(AppError, match="currency: is not an ISO 4217") as refused:
        await workflow.act("create_client", name="Ozola", additionalFields={"currency": "XXXX"})
    assert refused.value.name == "NodeApiError"
    item = await workflow.act("create_client", name="Ozola", additionalFields={"currency": "XXXX"}, on_fail=True)
    assert "currency: is not an ISO 4217" in item["json"]["error"]
    with pytest.raises(AppError, match="taxes: must be JSON"):
        await workflow.act("create_document", sale_type="quote", lines={"item": [{"taxes": "{"}]})


async def test_lists_to_choose_from_show_names(workflow: N8n, caller: Caller, house: House) -> None:
    await caller.client(name="Ozola Design SIA")
    await (await house.account("Somebody Else Ltd")).client(name="Not mine")
    await caller.made_of("/v1/products", {"code": "P-1", "name": "Paper A4"})
    shown = {}
    for method in ("getClients", "getProducts", "getCollectors"):
        options = (await workflow.ask("action", f"methods.loadOptions.{method}", {}))["returned"]
        shown[method] = [one["name"] for one in options]
    collectors = [one["name"] for one in await caller.items("/v1/collectors")]
    assert shown == {
        "getClients": ["Ozola Design SIA"], "getProducts": ["P-1 Paper A4"], "getCollectors": collectors,
    }  # fmt: skip
