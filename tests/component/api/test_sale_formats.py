"""Sales documents as e-invoices over HTTP: written for other programs, and read back by our own inbox."""

from __future__ import annotations

from tests.support.caller import Caller


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
