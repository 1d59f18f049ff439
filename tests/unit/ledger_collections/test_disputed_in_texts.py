"""What templates know of disputed invoices, and how the texts that accounts start with say it."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest

from ledger.collections.collectors import default_texts
from templates.liquid_templates import render_text
from templates.reminders import ListedInvoice, says_disputed, template_names

TODAY = date(2026, 3, 20)
CLIENT = dict.fromkeys(
    ("name", "first_name", "last_name", "email", "phone", "reg_number", "vat_number", "external_id"), "Ozola"
)
OWED = ListedInvoice("INV-1", TODAY, date(2026, 3, 16), "EUR", 16501, 16501)
DISPUTED = ListedInvoice("INV-2", TODAY, date(2026, 3, 10), "EUR", 3000, 3000, disputed=True)
MARKING = {"subject": "x", "body": "{{ invoice.number }}{% if invoice.disputed %}!{% endif %}"}


def names_of(*invoices: ListedInvoice) -> dict[str, Any]:
    return template_names(client=CLIENT, account={"name": "Baltic"}, invoices=invoices, step=1, today=TODAY)


def test_a_disputed_invoice_is_listed_and_neither_counted_nor_demanded() -> None:
    names = names_of(OWED, DISPUTED)
    assert [(one["number"], one["disputed"]) for one in names["invoices"]] == [("INV-1", False), ("INV-2", True)]
    assert (names["count"], names["amount"], names["amount_due"], names["overdue"]) == (1, *["165.01 EUR"] * 3)
    assert (names["invoice"]["number"], names["disputed"]) == ("INV-1", "30.00 EUR")
    assert names_of(OWED)["disputed"] is None


TEXTS = [default_texts.FRIENDLY, default_texts.FIRST, default_texts.SECOND, default_texts.THIRD, default_texts.FINAL]


@pytest.mark.parametrize("template", TEXTS)
@pytest.mark.parametrize(("language", "mark"), [("en", "(disputed)"), ("fr", "(en litige)"), ("es", "(en disputa)")])
def test_the_starting_texts_mark_disputed_invoices(template: Any, language: str, mark: str) -> None:
    assert says_disputed(template)
    lines = render_text(template[language]["body"], names_of(OWED, DISPUTED), ends=math.inf).splitlines()
    (owed,), (disputed,) = ([one for one in lines if number in one] for number in ("INV-1", "INV-2"))
    assert (mark in owed, mark in disputed) == (False, True)


@pytest.mark.parametrize(
    "template",
    [{"en": MARKING, "fr": {"subject": "x", "body": "{{ amount }}"}}, {"body": "disputed"}, {}],
)
def test_a_template_says_it_where_each_of_its_languages_does(template: dict[str, Any]) -> None:
    assert says_disputed(MARKING)
    assert says_disputed({"en": MARKING, "fr": MARKING})
    assert not says_disputed(template)
