"""Sales documents as e-invoices over HTTP: written for other programs, and read back by our own inbox."""

from __future__ import annotations

from tests.support.caller import Caller
from tests.support.einvoice_rules import broken_by_cii, broken_by_ubl
from tests.support.ledger_documents import SELLER


async def test_paytraq_xml_comes_back_through_our_own_direct_channel(caller: Caller) -> None:
    sale = await caller.sale((await caller.client(vat_number="LV40003000002"))["id"], comment="Paldies & sveiki")
    written = await caller.get(f"/v1/sales/{sale['id']}/paytraq")
    assert (written.status, written.headers["Content-Type"]) == (200, "application/xml"), written.text
    pushed = await caller.push(await caller.channel(), written.raw, Accept="application/json")
    assert pushed.status == 200, pushed.text
    message = await caller.read(f"/v1/inbox/purchases/{pushed.json['message_id']}")
    assert message["warnings"] == []
    assert message["comment"] == "Paldies & sveiki"
    document = message["document"]
    assert (document["document_ref"], document["gross_amount"], document["net_amount"]) == (
        sale["number"],
        "165.01",
        "138.66",
    )


async def test_a_draft_has_no_paytraq_xml_and_the_fault_says_why(caller: Caller) -> None:
    sale = await caller.sale((await caller.client())["id"], issue=False)
    refused = await caller.get(f"/v1/sales/{sale['id']}/paytraq")
    assert (refused.status, refused.faults) == (422, {"number": "is required: issue the document first"})


async def test_an_invoice_is_had_as_ubl_and_cii_once_its_parties_are_complete(caller: Caller) -> None:
    sale = await caller.sale((await caller.client())["id"])
    refused = await caller.get(f"/v1/sales/{sale['id']}/ubl")
    assert refused.status == 422
    assert {"account.address.country", "account.vat_number", "client.address.country"} <= set(refused.faults)
    profile = {name: value for name, value in SELLER.items() if name != "name"}
    assert (await caller.patch("/v1/account", profile)).status == 200
    client = await caller.client(
        name="Ozola Dizains",
        vat_number="LV40003000002",
        address={"city": "Cēsis", "postal_code": "LV-4101", "country": "LV"},
    )
    sale = await caller.sale(client["id"])
    ubl, cii = [await caller.get(f"/v1/sales/{sale['id']}/{kind}") for kind in ("ubl", "cii")]
    assert (ubl.status, cii.status) == (200, 200), ubl.text + cii.text
    assert broken_by_ubl(ubl.raw) == []
    assert broken_by_cii(cii.raw, xrechnung=True) == []


async def test_a_factur_x_comes_back_as_the_invoice_that_it_is(caller: Caller) -> None:
    await caller.patch("/v1/account", {name: value for name, value in SELLER.items() if name != "name"})
    address = {"city": "Lyon", "postal_code": "69001", "country": "FR"}
    sale = await caller.sale((await caller.client(name="Léa SARL", locale="fr", address=address))["id"])
    given = await caller.get(f"{sale['pdf_url']}?facturx=true")
    assert (given.status, given.headers["Content-Type"]) == (200, "application/pdf"), given.text
    pushed = await caller.send(
        "POST", "/v1/inbox/purchases", data=given.raw, headers={"Content-Type": "application/pdf"}
    )
    assert (pushed.status, pushed.json["format"], pushed.json["warnings"]) == (201, "facturx", [])
    assert pushed.json["document"]["document_ref"] == sale["number"]
    refused = await caller.get(f"{(await caller.sale((await caller.client())['id']))['pdf_url']}?facturx=true")
    assert (refused.status, list(refused.faults)) == (422, ["client.address.country"])
