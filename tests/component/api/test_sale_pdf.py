"""The PDF of a sales document over HTTP, from the ledger to the bytes that its receiver opens."""

from __future__ import annotations

import asyncio

import pytest

from contracts.primitives.ids import new_id
from tests.support.caller import Caller
from tests.unit.pdf.reading import pages


async def a_pdf(caller: Caller, sale_id: str) -> str:
    answer = await caller.get(f"/v1/sales/{sale_id}/pdf")
    assert answer.status == 200, answer.text
    return " ".join(pages(answer.raw))


async def test_an_invoice_is_shown_in_place_under_its_number_in_its_clients_language(caller: Caller) -> None:
    client = await caller.client(name="Ķēniņš un Δέλτα", locale="lv", address={"city": "Rīga", "country": "LV"})
    sale = await caller.sale(client["id"], pay_term={"type": 1, "days": 14}, comment="Paldies!")
    answer = await caller.get(sale["pdf_url"])
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == f'inline; filename="{sale["number"]}.pdf"'
    assert int(answer.headers["Content-Length"]) == len(answer.raw)
    (page,) = pages(answer.raw)
    for said in ("Baltic Trading OÜ", "Ķēniņš un Δέλτα", "Rēķins", sale["number"], "165,01 €", "14 dienu", "Paldies!"):
        assert said in page


async def test_an_unchanged_document_need_not_be_sent_again(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    first, second = [await caller.get(sale["pdf_url"]) for _ in range(2)]
    assert first.raw == second.raw
    etag = first.headers["ETag"]
    for reported in (etag, f'"other", W/{etag}', "*"):
        answer = await caller.get(sale["pdf_url"], headers={"If-None-Match": reported})
        assert (answer.status, answer.raw, answer.headers["ETag"]) == (304, b"", etag)
    await caller.payment(client["id"], "165.01", (sale["id"], "165.01"))
    paid = await caller.get(sale["pdf_url"], headers={"If-None-Match": etag})
    assert paid.status == 200
    assert paid.headers["ETag"] != etag
    assert "PAID" in pages(paid.raw)[0]


async def test_a_draft_has_a_pdf_that_says_so(caller: Caller) -> None:
    sale = await caller.sale((await caller.client())["id"], issue=False)
    answer = await caller.get(sale["pdf_url"])
    assert answer.headers["Content-Disposition"] == f'inline; filename="sales_invoice-{sale["id"]}.pdf"'
    assert "DRAFT" in pages(answer.raw)[0]


@pytest.mark.parametrize("kind", ["sales_order", "sales_proforma", "sales_estimate", "credit_note"])
async def test_the_other_kinds_have_theirs(caller: Caller, kind: str) -> None:
    sale = await caller.sale((await caller.client())["id"], sale_type=kind, issue=False)
    assert "165.01" in await a_pdf(caller, sale["id"])


async def test_another_accounts_document_is_not_there(caller: Caller, stranger: Caller) -> None:
    sale = await caller.sale((await caller.client())["id"])
    for answer in (
        await stranger.get(sale["pdf_url"]),
        await caller.get(f"/v1/sales/{new_id()}/pdf"),
        await caller.get("/v1/sales/nonsense/pdf"),
    ):
        assert (answer.status, answer.json["code"]) == (404, "not_found")


async def test_many_ask_at_once_and_each_gets_their_own(caller: Caller) -> None:
    client = await caller.client()
    sales = [await caller.sale(client["id"]) for _ in range(5)]
    shown = await asyncio.gather(*(a_pdf(caller, sale["id"]) for sale in sales * 4))
    assert all(sale["number"] in page for sale, page in zip(sales * 4, shown, strict=True))
