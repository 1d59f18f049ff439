"""What stands on the paper of a sales document: read back from the PDF as its receiver's programs would."""
# ruff: noqa: RUF001  names in their own scripts

from __future__ import annotations

from typing import Any, get_args

import pytest

from contracts.resources.document_kinds import KINDS, SaleType
from documents.pdf.labels import LABELS
from documents.pdf.labels.shape import Mark
from tests.unit.pdf.builders import SELLER, a_client, a_line, a_sale
from tests.unit.pdf.reading import text_of

NAMES = (
    "SIA „Ģērbonis, ķēde & šņācošā žūrija”",
    "Établissements Lefèvre & Cœur d’Œuf, Saint-Étienne",
    "Αφοί Παπαδόπουλοι Ο.Ε. — Θεσσαλονίκη",
    "ООО «Объединённые ёлки», Київ, Ґанок і їжак, Љубиша Њагојевић",
    "Gültekin İşçi Ağaç, Łódź, Příliš žluťoučký kůň, Þór, Đặng Thị Hường",
)


@pytest.mark.parametrize("name", NAMES)
def test_names_in_every_european_script_are_drawn_and_can_be_copied_out(name: str) -> None:
    reported = text_of(a_sale(client=a_client(name), lines=[a_line(name)]), seller={"name": name})
    assert reported.count(name) >= 3  # seller, client and line; bold and regular


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", ("Invoice", "March 16, 2026", "€1,234.50", "Amount due", "14 days", "Bank transfer", "Page 1 of 1")),
        ("en_GB", ("Invoice", "16 March 2026", "€1,234.50")),
        ("fr", ("Facture", "16 mars 2026", "1 234,50 €", "Net à payer", "14 jours", "Virement bancaire", "TVA 19 %")),
        ("fr-CA", ("Facture", "16 mars 2026", "Total avant taxes")),
        ("es", ("Factura", "16 de marzo de 2026", "1.234,50 €", "Importe pendiente", "14 días", "Página 1 de 1")),
        ("es_MX", ("Factura", "16 de marzo de 2026", "EUR 1,234.50")),
        ("lv", ("Rēķins", "2026. gada 16. marts", "1 234,50 €", "Summa apmaksai", "14 dienu", "1. lapa no 1")),
        ("de", ("Invoice", "March 16, 2026", "€1,234.50")),
        ("fr_ZZ", ("Facture", "16 mars 2026", "1 234,50 €")),
    ],
)
def test_a_document_speaks_its_readers_language(locale: str, said: tuple[str, ...]) -> None:
    sale = a_sale(amount_due="1234.50", pay_term={"type": 1, "days": 14}, payment_method="bank")
    reported = text_of(sale, locale=locale)
    assert [words for words in said if words not in reported] == []


@pytest.mark.parametrize("locale", sorted(LABELS))
@pytest.mark.parametrize("kind", get_args(SaleType))
def test_every_kind_has_its_title_and_every_state_its_mark(kind: SaleType, locale: str) -> None:
    labels = LABELS[locale]
    for mark in get_args(Mark):
        state = {"status": "issued", "settlement": mark} if mark in {"paid", "partial"} else {"status": mark}
        reported = text_of(a_sale(sale_type=kind, settlement=None) | state, locale=locale)
        assert KINDS[kind].titles[locale.partition("_")[0]] in reported
        assert labels.marks[mark].upper() in reported


def test_a_draft_says_so_in_large_letters_and_small_ones() -> None:
    reported = text_of(a_sale(status="draft", number=None))
    assert reported.count("DRAFT") == 2


def test_an_issued_unpaid_invoice_bears_no_mark_even_when_it_is_overdue() -> None:
    plain, late = text_of(a_sale()), text_of(a_sale(overdue=True))
    assert plain == late
    assert not any(mark.upper() in plain for mark in LABELS["en"].marks.values())


def test_amounts_are_the_stored_ones_and_never_computed_again() -> None:
    reported = text_of(
        a_sale(
            lines=[a_line(quantity="2", unit_price="3", net="7.77")],
            adjustments=[
                {"type": "discount", "mode": "pct", "amount": "10", "description": None, "net": "1.11"},
                {"type": "charge", "mode": "amount", "amount": "2.22", "description": "Packing", "net": "2.22"},
            ],
            taxes=[{"category": "S", "rate": "21", "net": "3.33", "tax": "4.44"}],
            shipping_charge="5.55",
            net="6.66",
            tax="8.88",
            total="99.99",
            deposit="11.11",
            amount_due="22.22",
            settlement="unpaid",
        )
    )
    for shown in (
        "2 3.00 19% 7.77", "Discount 10%", "-€1.11", "Packing", "€2.22", "S 21% 3.33 4.44", "Shipping", "€5.55",
        "Total excl. tax", "€6.66", "€8.88", "Total incl. tax", "€99.99", "Deposit", "-€11.11", "Amount due", "€22.22",
    ):  # fmt: skip
        assert shown in reported


def test_what_was_paid_so_far_is_shown_and_leads_to_the_rest() -> None:
    reported = text_of(a_sale(settlement="partial", amount_due="65.01"))
    assert "PARTLY PAID" in reported
    assert "Paid and credited" in reported
    assert "-€100.00" in reported


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"status": "issued"}, "Amount due"),
        ({"status": "void", "settlement": None, "amount_due": "0.00"}, "Total incl. tax"),
        ({"status": "written_off", "amount_due": "0.00"}, "Total incl. tax"),
        ({"sale_type": "sales_proforma", "settlement": None}, "Amount due"),
        ({"sale_type": "sales_estimate", "settlement": None}, "Total incl. tax"),
        ({"sale_type": "sales_estimate", "settlement": None, "deposit": "50.00"}, "Amount due"),
        ({"sale_type": "sales_receipt", "settlement": "paid", "amount_due": "0.00"}, "Total incl. tax"),
        ({"sale_type": "credit_note", "settlement": None, "amount_due": "0.00"}, "Total credit"),
        ({"taxes": [], "sale_type": "sales_estimate", "settlement": None}, "Total"),
    ],
)
def test_the_amount_that_is_set_off_is_the_one_that_counts(changes: dict[str, Any], counts: str) -> None:
    reported = text_of(a_sale(**changes))
    due = "€0.00" if changes.get("settlement") == "paid" and counts == "Amount due" else "€165.01"
    assert f"{counts} {due}" in reported
    assert ("Amount due" in reported) == (counts == "Amount due")


@pytest.mark.parametrize(
    ("currency", "amount", "said"),
    [("JPY", "332", "¥332"), ("KWD", "1.250", "KWD 1.250"), ("UAH", "5.00", "UAH 5.00"), ("THB", "5.00", "THB 5.00")],
)
def test_every_currency_has_its_digits_and_a_sign_that_can_be_drawn(currency: str, amount: str, said: str) -> None:
    assert said in text_of(a_sale(currency=currency, amount_due=amount))


def test_a_sign_without_a_glyph_gives_way_to_the_code() -> None:
    assert "5,00 THB" in text_of(a_sale(currency="THB", amount_due="5.00"), locale="es")


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ({"type": 1, "days": 1}, "1 day"),
        ({"type": 1, "days": 30}, "30 days"),
        ({"type": 1, "days": None}, "Due on receipt"),
        ({"type": 2, "days": 10}, "End of month + 10 days"),
        ({"type": 3, "days": None}, "Cash on delivery"),
        ({"type": 4, "days": None}, "No fixed date"),
    ],
)
def test_terms_of_payment_are_reported_in_words(term: dict[str, Any], said: str) -> None:
    assert f"Payment term {said}" in text_of(a_sale(pay_term=term))


@pytest.mark.parametrize("term", [None, {"type": 0, "days": None}])
def test_a_term_that_is_only_a_date_is_shown_as_the_date(term: dict[str, Any] | None) -> None:
    assert "Payment term" not in text_of(a_sale(pay_term=term))


def test_both_parties_details_are_there_in_the_order_of_their_country() -> None:
    client = a_client(
        "Lefèvre SARL",
        first_name="Élodie",
        last_name="Lefèvre",
        address={"street": "12 rue de l’Hôtel", "city": "Saint-Étienne", "postal_code": "42000", "country": "FR"},
        vat_number="FR40303265045",
        email="compta@lefevre.example",
    )
    seller = SELLER | {
        "reg_number": "40003123456",
        "address": {"street": "Brīvības 1", "city": "Rīga", "region": None, "postal_code": "LV-1039", "country": "LV"},
    }
    reported = text_of(a_sale(client=client), seller=seller, locale="en_GB")
    assert "One Man Shop SIA Brīvības 1 Rīga, LV-1039 Latvia Reg. No. 40003123456" in reported
    assert (
        "Lefèvre SARL Élodie Lefèvre 12 rue de l’Hôtel 42000 Saint-Étienne France VAT No. FR40303265045"
        " compta@lefevre.example" in reported
    )


def test_a_private_persons_name_is_not_reported_twice() -> None:
    reported = text_of(a_sale(client=a_client("Aya Ozola", type="person", first_name="Aya", last_name="Ozola")))
    assert reported.count("Aya Ozola") == 1


def test_prices_with_tax_are_distinguished_from_amounts_without() -> None:
    reported = text_of(a_sale(include_tax=True, shipping_charge="5.00"))
    assert "Price incl. tax" in reported
    assert "Amount excl. tax (EUR)" in reported
    assert "Shipping incl. tax" in reported


def test_a_line_shows_its_code_long_unit_and_several_taxes() -> None:
    line = a_line(
        item_code="CONS-1",
        unit="kilowatt hours",
        tax_rate=None,
        taxes=[{"category": "GST", "rate": "5"}, {"category": "QST", "rate": "9.975"}],
    )
    reported = text_of(a_sale(lines=[line]))
    assert "CONS-1 · GST, QST · kilowatt hours" in reported
    assert "5% + 9.975%" in reported


def test_a_line_without_description_is_reported_by_its_code() -> None:
    assert "1 CONS-1 1 138.66" in text_of(a_sale(lines=[a_line(None, item_code="CONS-1")]))


def test_an_exempt_lines_category_is_reported() -> None:
    assert "consulting AE" in text_of(a_sale(lines=[a_line(tax_rate=None, tax_category="AE")]))


def test_a_credit_note_names_the_invoice_that_it_corrects() -> None:
    reported = text_of(a_sale(sale_type="credit_note", settlement=None, invoice_number="INV-2026-000041"))
    assert "For invoice INV-2026-000041" in reported


def test_an_estimates_date_says_how_long_it_is_valid() -> None:
    assert "Valid until March 16, 2026" in text_of(a_sale(sale_type="sales_estimate", settlement=None))
