"""The Zapier app: every operation by Zapier's own core against a running installation."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from contracts.catalog import ACTIONS, OFFERED_TRIGGERS
from tests.support import node
from tests.support.api_installation import House
from tests.support.apps.program import AppError, Program
from tests.support.apps.zapier import Zapier, file_store, zapier_core
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, Reply, open_receiver
from tools.apps.selection import action_is_in_apps
from tools.apps.wording import identifier

WORDS: Final = {"subject": "Reminder", "body": "Please pay."}
STEP: Final = {"channel": "email", "anchor": "after_due", "delay": "P1D", "automatic": False, "template": WORDS}
PDF: Final = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture(scope="module")
async def core() -> AsyncIterator[Program]:
    async with zapier_core() as running:
        yield running


@pytest.fixture
async def zap(core: Program, caller: Caller) -> Zapier:
    return Zapier(core, {"instance_url": f"{caller.url}/", "access_token": caller.made["access_token"]}, {})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as running:
        yield running


async def definition(core: Program) -> dict[str, Any]:
    return dict(await core.ask(event={"command": "definition"}))


@pytest.mark.long
@pytest.mark.parametrize("way", ["token", "oauth2"])
async def test_zapiers_validator_finds_nothing(way: str) -> None:
    cli = (await node.packages_of(node.ZAPIER)) / "zapier-platform-cli" / "src" / "bin" / "run"
    said = await node.run(cli, "validate", "--without-style", cwd=node.ZAPIER, LEDGERWIRE_ZAPIER_AUTH=way)
    assert "This project is structurally sound!" in said


async def test_the_app_has_every_trigger_and_every_action_that_apps_offer(core: Program) -> None:
    app = await definition(core)
    assert {identifier(key) for key in OFFERED_TRIGGERS} | {"clients", "products", "collectors"} == {*app["triggers"]}
    offered = {key for key, action in ACTIONS.items() if action_is_in_apps(action)}
    assert offered - {"find_or_create_client"} == {*app["creates"], *app["searches"]}
    assert {key: one["create"] for key, one in app["searchOrCreates"].items()} == {
        "find_client": "create_client", "find_product": "create_product", "find_sale": "create_document",
    }  # fmt: skip
    for trigger in app["triggers"].values():
        hidden = trigger["display"].get("hidden", False)
        assert hidden or trigger["display"]["description"].startswith("Triggers when ")


async def test_a_connection_is_tested_and_named_by_its_account(zap: Zapier) -> None:
    assert (await zap.run("authentication.test"))["account"]["name"] == "Baltic Trading OÜ"


async def test_an_unknown_token_asks_to_connect_again(zap: Zapier) -> None:
    zap.auth["access_token"] = "lw_unknown"
    with pytest.raises(AppError, match="connect the account again") as refused:
        await zap.run("authentication.test")
    assert refused.value.name == "ExpiredAuthError"


@pytest.mark.parametrize("key", sorted(OFFERED_TRIGGERS))
async def test_each_trigger_subscribes_shows_samples_receives_and_unsubscribes(
    zap: Zapier, caller: Caller, receiver: Receiver, key: str
) -> None:
    name, url = identifier(key), receiver.url("/zap")
    made = await zap.trigger(name, "performSubscribe", targetUrl=url)
    hook = await caller.read(f"/v1/hooks/{made['id']}")
    assert (hook["target_url"], hook["triggers"]) == (url, [key])
    samples = await zap.trigger(name, "performList")
    assert [event["type"] for event in samples] == [key]
    await caller.made_of(f"/v1/hooks/{made['id']}/test", {})
    await eventually(lambda: bool(receiver.on("/zap")))
    [delivered] = receiver.on("/zap")
    [shown] = await zap.trigger(name, "perform", cleanedRequest=delivered.json)
    assert (shown["type"], shown["data"].keys() >= delivered.json["data"].keys()) == (key, True)
    await zap.trigger(name, "performUnsubscribe", subscribeData=made)
    assert (await caller.get(f"/v1/hooks/{made['id']}")).status == 404


async def test_filters_decide_which_events_a_zap_receives(zap: Zapier, caller: Caller, receiver: Receiver) -> None:
    mine, other = await caller.client(name="Mine"), await caller.client(name="Other")
    filters = {"filter__client_id": [mine["id"]], "filter__sale_type": ["sales_invoice"], "filter__currency": []}
    made = await zap.trigger("sale_posted", "performSubscribe", filters, targetUrl=receiver.url("/zap"))
    assert made["filters"] == {"client_id": [mine["id"]], "sale_type": ["sales_invoice"]}
    await caller.sale(other["id"])
    sale = await caller.sale(mine["id"])
    await eventually(lambda: bool(receiver.on("/zap")))
    assert [request.json["data"]["id"] for request in receiver.on("/zap")] == [sale["id"]]


async def test_the_pdf_of_a_delivered_document_is_downloaded_when_a_step_wants_it(
    zap: Zapier, caller: Caller, receiver: Receiver
) -> None:
    await zap.trigger("sale_posted", "performSubscribe", targetUrl=receiver.url("/zap"))
    sale = await caller.sale((await caller.client())["id"])
    await eventually(lambda: bool(receiver.on("/zap")))
    [shown] = await zap.trigger("sale_posted", "perform", cleanedRequest=receiver.on("/zap")[0].json)
    wanted = json.loads(shown["data"]["pdf"].removeprefix("hydrate|||").partition("|||")[0])
    assert wanted["method"] == "hydrators.downloadFile"
    async with file_store() as store:
        zap.more = {"rpc_base": f"{store.url}/rpc", "token": "t"}
        kept = await zap.run(wanted["method"], wanted["bundle"])
        assert kept == f"{store.url}/kept/file"
    pdf = (await caller.get(f"/v1/sales/{sale['id']}/pdf")).raw
    assert store.uploaded == {f"{sale['number']}.pdf": pdf}


async def test_dropdowns_list_page_by_page_by_name(zap: Zapier, caller: Caller) -> None:
    await caller.client(name="Ozola Design SIA")
    await caller.made_of("/v1/products", {"code": "P-1", "name": "Paper A4"})
    assert [one["name"] for one in await zap.trigger("clients", "perform")] == ["Ozola Design SIA"]
    assert [one["name"] for one in await zap.trigger("products", "perform")] == ["P-1 Paper A4"]
    collectors = {one["id"]: one["name"] for one in await caller.items("/v1/collectors")}
    assert {one["id"]: one["name"] for one in await zap.trigger("collectors", "perform")} == collectors


async def test_each_search_finds_what_there_is_and_nothing_else(zap: Zapier, caller: Caller) -> None:
    client = await caller.client(name="Ozola Design SIA", email="rita@ozola.example")
    product = await caller.made_of("/v1/products", {"code": "P-1", "name": "Paper A4"})
    sale = await caller.sale(client["id"])
    found = {
        "find_client": (await zap.search("find_client", email="rita@ozola.example"), client),
        "find_product": (await zap.search("find_product", code="P-1"), product),
        "find_sale": (await zap.search("find_sale", number=sale["number"]), sale),
    }
    for [one], thing in found.values():
        assert one["id"] == thing["id"]
    assert await zap.search("find_client", email="nobody@ozola.example") == []
    assert await zap.search("find_product", code="P-2") == []
    assert await zap.search("find_sale", number="none") == []


async def test_creates_of_clients_products_and_documents(zap: Zapier, caller: Caller) -> None:
    client = await zap.create(
        "create_client", name="Ozola Design SIA", address__city="Rīga", address__country="LV", pay_term__type=1,
        pay_term__days="14", contacts=[{"contacts__name": "Rita", "contacts__email": "rita@ozola.example"}], comment="",
    )  # fmt: skip
    assert (client["address"]["city"], client["contacts"][0]["name"]) == ("Rīga", "Rita")
    changed = await zap.create("update_client", id=client["id"], phone="+371 20000000")
    assert (changed["phone"], changed["name"]) == ("+371 20000000", "Ozola Design SIA")
    product = await zap.create("create_product", code="P-1", name="Paper A4", unit_price="4.20", tax_rate="21")
    assert product["unit_price"] == "4.20"
    line = {"lines__product_id": product["id"], "lines__quantity": "10"}
    draft = await zap.create(
        "create_document", sale_type="sales_invoice", client_id=client["id"], lines=[line],
        document_date="2026-03-02T00:00:00+02:00", issue=False,
    )  # fmt: skip
    assert (draft["status"], draft["document_date"]) == ("draft", "2026-03-02")
    issued = await zap.create("issue_document", id=draft["id"])
    assert issued["number"]
    assert issued["pdf"].startswith("hydrate|||")
    assert (await zap.create("void_document", id=draft["id"], reason="by mistake"))["status"] == "void"


async def test_creates_about_an_invoice_and_its_collection(zap: Zapier, caller: Caller) -> None:
    client = await caller.client(email="rita@ozola.example", phone="+371 20000000")
    sale = await caller.sale(client["id"])
    sent = await zap.create("send_document", id=sale["id"], subject="Your invoice")
    assert sent["id"] == sale["id"]
    note = await zap.create("add_note", client_id=client["id"], body="Called, no answer", pinned="true")
    assert (note["body"], note["pinned"]) == ("Called, no answer", True)
    dispute = await zap.create("open_dispute", sale_id=sale["id"], reason="Wrong price")
    assert (await zap.create("resolve_dispute", id=dispute["id"]))["state"] == "resolved"
    date = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=7)).isoformat()
    promise = await zap.create("record_promise", client_id=client["id"], date=date, sale_ids=[sale["id"]])
    assert promise["date"] == date
    collector = await caller.made_of("/v1/collectors", {"name": "Second", "steps": [STEP]})
    moved = await zap.create("move_invoices", collector_id=collector["id"], invoice_ids=[sale["id"]])
    assert moved["to_collector"]["id"] == collector["id"]
    message = await zap.create("send_message", client_id=client["id"], channel="email", body="Hello", subject="Hi")
    assert message["client"]["id"] == client["id"]
    allocations = [{"allocations__sale_id": sale["id"], "allocations__amount": "100.00"}]
    payment = await zap.create(
        "record_payment", client_id=client["id"], amount="100.00", currency="EUR", allocations=allocations
    )
    assert (payment["status"], payment["unapplied"]) == ("confirmed", "0.00")


@pytest.mark.parametrize(("key", "box"), [("create_purchase", "purchases"), ("create_sale", "sales")])
async def test_a_document_is_pushed_with_the_file_behind_its_address(
    zap: Zapier, caller: Caller, receiver: Receiver, key: str, box: str
) -> None:
    receiver.script(Reply(200, {"Content-Type": "application/pdf"}, PDF), path="/scan.pdf")
    pushed = await zap.create(
        key, document__document_ref="A-17", document__document_date="2026-03-01T10:00:00Z", document__currency="EUR",
        document__supplier__name="Paper and Pens OÜ", document__client__name="Baltic Trading OÜ",
        document__sale_type="sales_invoice", file=receiver.url("/scan.pdf"),
        document__lines=[{"document__lines__description": "Paper", "document__lines__quantity": "10",
                          "document__lines__unit_price": "4.20"}],
    )  # fmt: skip
    message = await caller.read(f"/v1/inbox/{box}/{pushed['id']}")
    assert (message["document"]["document_ref"], message["file"]["name"]) == ("A-17", "scan.pdf")
    assert pushed["file"]["content"].startswith("hydrate|||")


async def test_an_invoice_is_sent_over_direct_to_the_inbox_of_another_account(
    zap: Zapier, caller: Caller, house: House
) -> None:
    buyer = await house.account("Buyer OÜ")
    channel = await buyer.channel("direct")
    sale = await caller.sale((await caller.client())["id"])
    sent = await zap.create("send_direct", sale_id=sale["id"], url=channel["url"])
    assert (sent["status"], len(await buyer.items("/v1/inbox/purchases"))) == (200, 1)


async def test_an_error_names_its_fields(zap: Zapier) -> None:
    with pytest.raises(AppError, match="currency: is not an ISO 4217") as refused:
        await zap.create("create_client", name="Ozola", currency="XXXX", email="no address")
    assert "email: " in str(refused.value)
    with pytest.raises(AppError, match="Taxes: must be JSON"):
        await zap.create("create_document", sale_type="sales_invoice", lines=[{"lines__taxes": "{"}])
