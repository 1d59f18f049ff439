"""A statement of account: every open invoice, on as many pages as it needs, in the reader's language."""

from __future__ import annotations

from typing import Any

import pytest

from documents.pdf.statement import render_statement
from tests.unit.pdf.builders import SELLER
from tests.unit.pdf.reading import pages


def an_invoice(number: int, **fields: Any) -> dict[str, Any]:
    usual = {
        "number": f"INV-{number:06}", "document_date": "2026-03-02", "date_due": "2026-03-16", "currency": "EUR",
        "total": "165.01", "amount_due": "100.00", "overdue": True,
        "disputed": False,
    }  # fmt: skip
    return usual | fields


def a_statement(*invoices: dict[str, Any]) -> dict[str, Any]:
    return {"as_of": "2026-03-20", "client": {"name": "Ozola Design SIA"}, "invoices": list(invoices)}


@pytest.mark.parametrize(
    ("locale", "title"), [("en", "Statement of account"), ("fr-BE", "Relevé de compte"), ("de", "Statement of account")]
)
def test_a_statement_lists_what_is_open_and_sums_it(locale: str, title: str) -> None:
    pdf = render_statement(a_statement(an_invoice(1), an_invoice(2, overdue=False)), SELLER, locale=locale)
    (text,) = pages(pdf)
    assert all(one in text for one in (title, "INV-000001", "INV-000002", "Ozola Design SIA", "200"))
    assert render_statement(a_statement(an_invoice(1)), SELLER, locale=locale) == render_statement(
        a_statement(an_invoice(1)), SELLER, locale=locale
    )


def test_currencies_are_summed_each_by_itself_and_many_invoices_take_many_pages() -> None:
    invoices = [an_invoice(number, currency="USD" if number % 2 else "EUR") for number in range(200)]
    read = pages(render_statement(a_statement(*invoices), SELLER, locale="en"))
    assert len(read) > 3
    assert all(any(f"INV-{number:06}" in page for page in read) for number in range(200))
    assert read[-1].count("10,000.00") == 4


@pytest.mark.parametrize(("locale", "word"), [("en", "disputed"), ("fr", "en litige"), ("es", "en disputa")])
def test_a_disputed_invoice_is_marked_and_summed_up_by_itself(locale: str, word: str) -> None:
    invoices = [an_invoice(1), an_invoice(2, amount_due="30.00", disputed=True)]
    (text,) = pages(render_statement(a_statement(*invoices), SELLER, locale=locale))
    assert f"INV-000002 ({word})" in text
    assert f"INV-000001 ({word})" not in text
    assert word.capitalize() in text
    figures = text.replace(",", ".")
    assert [figures.count(one) for one in ("30.00", "100.00", "130.00")] == [2, 3, 0], text


def test_a_statement_without_open_invoices_is_a_page_all_the_same() -> None:
    assert len(pages(render_statement(a_statement(), SELLER, locale="en"))) == 1
