"""Messages decided on: accepted into the ledger once, or rejected; a refused decision changes nothing."""

from __future__ import annotations

import asyncio

import pytest

from contracts.primitives.ids import new_id
from contracts.resources import inbox_message
from contracts.resources.inbox import message_warning
from contracts.wire import commands
from ledger.verify.run import verify
from tests.support.ledger import URLS, LedgerHarness, a_message
from tests.support.ledger_inbox import (
    BY,
    SUPPLIER,
    a_line,
    a_purchase,
    accept,
    an_order,
    message,
    paths,
    received,
    reject,
)


async def test_an_order_becomes_a_client_and_a_draft(ledger: LedgerHarness) -> None:
    message_id = await received(ledger, an_order(beside={"comment": "Gift"}))

    answer = await accept(ledger, "sales", message_id)

    assert (answer.status, answer.body["state"], answer.body["decided_by"]) == (200, "accepted", BY)
    result = answer.body["result"]
    sale, client = await ledger.row("sale", result["sale_id"]), await ledger.row("client", result["client_id"])
    assert (client["name"], client["email"]) == ("Leo Martin", "leo@customer.example")
    assert (sale["status"], sale["sale_type"], sale["number"], sale["external_id"]) == (
        "draft", "sales_order", None, "WEB-1",
    )  # fmt: skip
    assert (sale["total_minor"], sale["comment"], sale["client_id"]) == (2928, "Gift", client["id"])
    assert await ledger.triggers() == ["inbox.received", "client.created", "sale.created", "inbox.accepted"]
    assert answer.body["warnings"] == []


async def test_the_answer_is_what_the_view_gives(ledger: LedgerHarness) -> None:
    message_id = await received(ledger, an_order())
    answer = await accept(ledger, "sales", message_id)
    assert inbox_message.from_row(await message(ledger, message_id), URLS) == answer.body


async def test_an_order_may_be_issued_at_once_for_a_client_who_is_there(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    message_id = await received(ledger, an_order())

    answer = await accept(ledger, "sales", message_id, client_id=client_id, sale_type="sales_invoice", issue=True)

    assert answer.body["result"]["client_id"] == client_id
    sale = await ledger.row("sale", answer.body["result"]["sale_id"])
    assert (sale["status"], sale["sale_type"]) == ("issued", "sales_invoice")
    assert sale["number"].startswith("INV-2026-")
    assert await ledger.triggers() == [
        "client.created",
        "inbox.received",
        "sale.created",
        "sale.posted",
        "inbox.accepted",
    ]


async def test_a_client_who_is_there_is_found(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(email="LEO@customer.example")
    message_id = await received(ledger, an_order())
    assert (await accept(ledger, "sales", message_id)).body["result"]["client_id"] == client_id


async def test_two_orders_of_one_new_client_in_one_batch_make_one_client(ledger: LedgerHarness) -> None:
    ids = [await received(ledger, an_order(ref)) for ref in ("WEB-1", "WEB-2")]
    ctx = [ledger.command(commands.ACCEPT_INBOX_MESSAGE, {"id": one, "box": "sales", "by": BY}) for one in ids]
    await ledger.handle(*ctx)
    clients = {(await ledger.outcome(command.id)).body["result"]["client_id"] for command in ctx}
    assert len(clients) == 1


async def test_a_purchase_becomes_its_suppliers_bill_with_its_file(ledger: LedgerHarness) -> None:
    file = {"name": "A-17.pdf", "content_type": "application/pdf", "size": 9, "sha256": "a" * 64}
    links = {"pdf": "https://paper.example/A-17.pdf"}
    message_id = await received(ledger, a_purchase(beside={"file": file, "links": links, "comment": "Paper"}))

    answer = await accept(ledger, "purchases", message_id)

    assert (answer.status, answer.body["state"]) == (200, "accepted")
    bill = await ledger.row("bill", answer.body["result"]["bill_id"])
    supplier = await ledger.row("supplier", answer.body["result"]["supplier_id"])
    assert (bill["document_type"], bill["document_ref"], bill["currency"]) == ("invoice", "A-17", "EUR")
    assert (bill["net_minor"], bill["tax_minor"], bill["total_minor"]) == (4200, 882, 5082)
    assert (bill["file"], bill["links"], bill["comment"]) == (file, links, "Paper")
    assert (supplier["name"], supplier["reg_number"], bill["supplier_id"]) == (*SUPPLIER.values(), supplier["id"])
    assert str(bill["message_id"]) == message_id
    assert bill["supplier"]["name"] == "Paper and Pens OÜ"
    assert await ledger.triggers() == ["inbox.received", "inbox.accepted"]


async def test_a_supplier_is_made_once(ledger: LedgerHarness) -> None:
    ids = [await received(ledger, a_purchase(ref)) for ref in ("A-1", "A-2", "A-3")]
    results = [(await accept(ledger, "purchases", one)).body["result"] for one in ids]
    assert len({result["supplier_id"] for result in results}) == 1
    assert len({result["bill_id"] for result in results}) == 3


async def test_a_file_alone_is_accepted_with_what_a_person_reads_in_it(ledger: LedgerHarness) -> None:
    file = {"name": "scan.png", "content_type": "image/png", "size": 9, "sha256": "b" * 64}
    message_id = await received(ledger, a_message(document={}, file=file))

    refused = await accept(ledger, "purchases", message_id)
    assert (refused.status, paths(refused)) == (
        422, ["document.document_ref", "document.lines", "document.supplier.name"],
    )  # fmt: skip

    typed = {"document_ref": "S-1", "supplier": {"name": "Scan Ltd"}, "gross_amount": "121", "net_amount": "100"}
    answer = await accept(ledger, "purchases", message_id, document=typed)
    bill = await ledger.row("bill", answer.body["result"]["bill_id"])
    assert (bill["total_minor"], bill["lines"], bill["file"]) == (12100, [], file)
    assert answer.body["document"] == {}


async def test_a_purchase_may_be_accepted_for_a_supplier_who_is_there(ledger: LedgerHarness) -> None:
    first = (await accept(ledger, "purchases", await received(ledger, a_purchase("A-1")))).body["result"]
    second = await received(ledger, a_purchase("A-2", supplier={"name": "Paper & Pens"}))
    answer = await accept(ledger, "purchases", second, supplier_id=first["supplier_id"])
    assert answer.body["result"]["supplier_id"] == first["supplier_id"]
    unknown = await accept(ledger, "purchases", await received(ledger, a_purchase("A-3")), supplier_id=str(new_id()))
    assert (unknown.status, paths(unknown)) == (404, ["supplier_id"])


async def test_what_is_wrong_is_reported_and_the_message_stays(ledger: LedgerHarness) -> None:
    message_id = await received(ledger, an_order(lines=[a_line(quantity="-1"), a_line(unit_price="1")]))
    before = await ledger.contents()

    refused = await accept(ledger, "sales", message_id, document={"currency": "EURO"})
    assert (refused.status, paths(refused)) == (422, ["document.currency"])
    refused = await accept(ledger, "sales", message_id)
    assert (refused.status, paths(refused)) == (422, ["document.lines"])
    refused = await accept(ledger, "sales", message_id, client_id=str(new_id()), document={"lines": [a_line()]})
    assert (refused.status, paths(refused)) == (404, ["client_id"])

    assert (await message(ledger, message_id))["state"] == "received"
    assert await ledger.contents() == before
    assert (await accept(ledger, "sales", message_id, document={"lines": [a_line()]})).status == 200


async def test_the_amounts_rules_are_reported_with_paths_in_the_message(ledger: LedgerHarness) -> None:
    message_id = await received(ledger, an_order(deposit="1000", shipping_charge="1.005"))
    refused = await accept(ledger, "sales", message_id)
    assert (refused.status, paths(refused)) == (422, ["document.shipping_charge"])
    refused = await accept(ledger, "sales", message_id, document={"shipping_charge": None})
    assert (refused.status, paths(refused)) == (422, ["document.deposit"])


@pytest.mark.parametrize("box", ["purchases", "sales"])
async def test_a_message_is_decided_on_once(ledger: LedgerHarness, box: str) -> None:
    make = a_purchase if box == "purchases" else an_order
    accepted, rejected = [await received(ledger, make(ref)) for ref in ("1", "2")]
    assert (await accept(ledger, box, accepted)).status == 200
    answer = await reject(ledger, box, rejected, reason="Not ours")
    assert (answer.status, answer.body["state"], answer.body["reason"]) == (200, "rejected", "Not ours")
    before = await ledger.contents()
    for one in (accepted, rejected):
        for decide in (accept, reject):
            assert (await decide(ledger, box, one)).status == 409
    assert await ledger.contents() == before


async def test_a_message_is_only_in_its_own_box_and_account(ledger: LedgerHarness) -> None:
    message_id = await received(ledger, a_purchase())
    assert (await accept(ledger, "sales", message_id)).status == 404
    assert (await accept(ledger, "purchases", str(new_id()))).status == 404
    other = await ledger.add_account()
    data = {"id": message_id, "box": "purchases", "by": BY}
    assert (await ledger.ask(commands.ACCEPT_INBOX_MESSAGE, data, account_id=other)).status == 404
    assert (await ledger.ask(commands.REJECT_INBOX_MESSAGE, data, account_id=other)).status == 404


@pytest.mark.parametrize("together", [True, False])
async def test_sixteen_who_accept_at_once_make_one_document(ledger: LedgerHarness, *, together: bool) -> None:
    message_id = await received(ledger, an_order())
    data = {"id": message_id, "box": "sales", "by": BY, "issue": True}
    ctx = [ledger.command(commands.ACCEPT_INBOX_MESSAGE, data) for _ in range(16)]
    if together:
        await ledger.handle(*ctx)
    else:
        await asyncio.gather(*(ledger.handle(command) for command in ctx))
    statuses = [(await ledger.outcome(command.id)).status for command in ctx]
    assert sorted(statuses) == [200] + [409] * 15
    assert (await ledger.contents())["sale"] == 1


async def test_a_repeated_command_accepts_once(ledger: LedgerHarness) -> None:
    message_id = await received(ledger, an_order())
    command = ledger.command(commands.ACCEPT_INBOX_MESSAGE, {"id": message_id, "box": "sales", "by": BY})
    for _ in range(3):
        await ledger.handle(command, command)
    assert (await ledger.outcome(command.id)).status == 200
    assert await ledger.triggers() == ["inbox.received", "client.created", "sale.created", "inbox.accepted"]


async def test_other_content_under_an_accepted_reference_needs_to_be_known(ledger: LedgerHarness) -> None:
    first = a_purchase()
    second = a_purchase(gross_amount="60.00") | {"duplicate_of": first["message_id"]}
    first_id, second_id = await received(ledger, first), await received(ledger, second)
    assert (await accept(ledger, "purchases", first_id)).status == 200
    refused = await accept(ledger, "purchases", second_id)
    assert (refused.status, refused.body["code"]) == (409, "duplicate_accepted")
    assert (await accept(ledger, "purchases", second_id, despite_duplicate=True)).status == 200


async def test_the_first_of_two_contents_needs_it_too_when_the_second_is_accepted(ledger: LedgerHarness) -> None:
    first = an_order()
    second = an_order(currency="USD") | {"duplicate_of": first["message_id"]}
    first_id, second_id = await received(ledger, first), await received(ledger, second)
    assert (await accept(ledger, "sales", second_id)).status == 200
    assert (await accept(ledger, "sales", first_id)).body["code"] == "duplicate_accepted"
    assert (await reject(ledger, "sales", first_id)).status == 200


async def test_a_flagged_message_may_be_rejected(ledger: LedgerHarness) -> None:
    second = a_purchase() | {"duplicate_of": str(new_id())}
    assert (await reject(ledger, "purchases", await received(ledger, second))).body["state"] == "rejected"
    assert await ledger.triggers() == ["inbox.received", "inbox.rejected"]


async def test_the_same_bill_over_two_channels_is_recorded_once(ledger: LedgerHarness) -> None:
    ids = [
        await received(ledger, a_purchase(beside={"channel": {"id": channel, "kind": "direct", "name": None}}))
        for channel in ("one", "two")
    ]
    assert (await accept(ledger, "purchases", ids[0])).status == 200
    refused = await accept(ledger, "purchases", ids[1])
    assert (refused.status, refused.body["code"], paths(refused)) == (409, "bill_exists", ["document.document_ref"])
    assert (await accept(ledger, "purchases", ids[1], despite_duplicate=True)).status == 200


async def test_an_orders_reference_that_is_taken_is_left_to_its_document(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    await ledger.sale(client_id, sale_type="sales_order", external_id="WEB-1", issue=False)
    answer = await accept(ledger, "sales", await received(ledger, an_order()))
    assert (await ledger.row("sale", answer.body["result"]["sale_id"]))["external_id"] is None
    (warning,) = answer.body["warnings"]
    assert (warning["path"], warning["code"]) == ("document.document_ref", "adapted")
    assert "external id" in warning["message"]
    given = await accept(ledger, "sales", await received(ledger, an_order("WEB-2", external_id="WEB-1")))
    assert (given.status, paths(given)) == (409, ["document.external_id"])


async def test_what_does_not_fit_is_noted_on_the_message(ledger: LedgerHarness) -> None:
    client = {"name": "Leo", "email": "at home", "address": {"country": "Narnia"}}
    message_id = await received(ledger, an_order(client=client, lines=[a_line(tax_rate=None, tax_name="Reduced")]))
    answer = await accept(ledger, "sales", message_id)
    reported = [warning["path"] for warning in answer.body["warnings"]]
    assert reported == ["document.client.address.country", "document.client.email", "document.lines[0].tax_name"]
    assert (await message(ledger, message_id))["warnings"] == answer.body["warnings"]


async def test_a_total_that_differs_is_noted(ledger: LedgerHarness) -> None:
    answer = await accept(ledger, "sales", await received(ledger, an_order(gross_amount="30.00")))
    assert answer.body["warnings"] == [
        message_warning("totals_differ", "document.gross_amount", "is 30.00, but the draft has 29.28")
    ]


async def test_verify_reports_when_messages_and_ledger_do_not_agree(ledger: LedgerHarness) -> None:
    order, purchase = await received(ledger, an_order()), await received(ledger, a_purchase())
    for box, message_id in (("sales", order), ("purchases", purchase)):
        assert (await accept(ledger, box, message_id)).status == 200
    assert (await verify(ledger.dsn)).broken == ()
    await ledger.owner.execute("DELETE FROM ledger.bill")
    await ledger.owner.execute(
        "UPDATE ledger.inbox_message SET result = jsonb_build_object('sale_id', id) WHERE box = 'sales'"
    )
    broken = {one.check.name: one.first for one in (await verify(ledger.dsn)).broken}
    assert set(broken) == {"bills", "bills_booked", "inbox_sales"}
    assert purchase in broken["bills"]
    assert order in broken["inbox_sales"]
