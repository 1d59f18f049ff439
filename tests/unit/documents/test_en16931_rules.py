"""What we write holds the rules of EN 16931, schema and Schematron, over generated documents of the ledger."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.cii_writer import cii_of, write_cii
from documents.en16931.from_sale import invoice_of
from documents.ubl_writer import write_ubl
from documents.writing import NotWritable
from tests.support.einvoice_rules import broken_by_cii, broken_by_ubl
from tests.support.ledger_documents import SELLER, sale_of, sales

pytestmark = pytest.mark.slow

TAXES = st.sampled_from(
    [{"tax_rate": "21"}, {"tax_rate": "5.5"}, {"tax_rate": "0"}, {"tax_rate": "19", "tax_category": "S"},
     {"tax_category": "E"}, {"tax_category": "VATEX-EU-132"}, {"tax_category": "AE"}, {"tax_category": "K"},
     {"tax_category": "G"}, {"tax_category": "Z", "tax_rate": "0"}]
)  # fmt: skip
CLIENT = {
    "name": "Ozola Design SIA",
    "vat_number": "LV40003000002",
    "email": "bills@ozola.example",
    "address": {"street": "Iela 2", "city": "Cēsis", "postal_code": "LV-4101", "country": "LV"},
}
DOCUMENTS = sales(taxes=TAXES)
UNTAXED = sales(taxes=st.just({}))


def slowly(examples: int) -> settings:
    """Each example runs a stylesheet of 10 ms: so many of them, and more where `LEDGERWIRE_TEST_DEPTH` asks for it."""
    depth = int(os.environ.get("LEDGERWIRE_TEST_DEPTH", "1"))
    return settings(max_examples=examples * depth, deadline=None, suppress_health_check=list(HealthCheck))


@slowly(60)
@given(st.one_of(DOCUMENTS, UNTAXED))
def test_ubl_breaks_no_rule(sale: dict[str, Any]) -> None:
    assert broken_by_ubl(write_ubl(sale, SELLER)) == []


@slowly(60)
@given(st.one_of(DOCUMENTS, UNTAXED))
def test_cii_breaks_no_rule(sale: dict[str, Any]) -> None:
    assert broken_by_cii(write_cii(sale, SELLER), xrechnung=True) == []


@slowly(40)
@given(st.one_of(DOCUMENTS, UNTAXED))
def test_the_xml_of_factur_x_breaks_no_rule(sale: dict[str, Any]) -> None:
    assert broken_by_cii(cii_of(invoice_of(sale, SELLER, "facturx")), xrechnung=False) == []


def an_invoice(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    usual = [{"description": "Paper", "quantity": "1", "unit_price": "100.00", "tax_rate": "21"}]
    return sale_of({"sale_type": "sales_invoice", "client": CLIENT, "lines": list(lines) or usual} | changes)


def faults_of(sale: dict[str, Any], seller: dict[str, Any] | None = None) -> dict[str, str]:
    with pytest.raises(NotWritable) as refused:
        write_ubl(sale, SELLER if seller is None else seller)
    return {fault.path: fault.message for fault in refused.value.faults}


def test_every_missing_field_is_reported_at_once() -> None:
    sale = an_invoice({"description": "Work", "quantity": "1", "unit_price": "1", "tax_category": "AE"})
    sale["client"] |= {"vat_number": None, "email": None, "address": None}
    assert set(faults_of(sale, {"name": "Bare"})) == {
        "account.address.country", "client.address.country", "account.vat_number", "account.endpoint_id",
        "client.vat_number",
    }  # fmt: skip


def test_several_taxes_on_a_line_are_refused() -> None:
    taxes = [{"category": "GST", "rate": "5"}, {"category": "QST", "rate": "9.975"}]
    sale = an_invoice({"description": "Work", "quantity": "1", "unit_price": "140.00", "taxes": taxes})
    assert faults_of(sale) == {"lines[0].taxes": "has several taxes: EN 16931 has one on a line"}


def test_a_category_that_goes_not_with_its_rate_is_refused() -> None:
    sale = an_invoice({"description": "W", "quantity": "1", "unit_price": "1", "tax_category": "E", "tax_rate": "21"})
    assert faults_of(sale) == {"lines[0].tax_category": "is E, which has no rate, but the rate is 21"}


@pytest.mark.parametrize("kind", ["sales_order", "sales_estimate", "sales_proforma", "sales_receipt"])
def test_kinds_without_a_form_in_the_standard_are_refused(kind: str) -> None:
    assert list(faults_of(an_invoice(sale_type=kind))) == ["sale_type"]


def test_three_decimals_are_refused_only_where_they_say_something() -> None:
    line = {"description": "W", "quantity": "1", "unit_price": "1.250", "tax_rate": "0"}
    assert write_ubl(an_invoice(line, currency="KWD"), SELLER)
    odd = an_invoice(line | {"unit_price": "1.255"}, currency="KWD")
    assert list(faults_of(odd)) == ["net", "total"]


def test_a_credit_note_names_its_invoice() -> None:
    sale = an_invoice(sale_type="credit_note") | {"invoice_number": "INV-7"}
    assert b"<cac:InvoiceDocumentReference><cbc:ID>INV-7</cbc:ID>" in write_ubl(sale, SELLER)
    assert broken_by_ubl(write_ubl(sale, SELLER)) == []


def test_goods_within_the_union_tell_where_they_go() -> None:
    sale = an_invoice({"description": "W", "quantity": "2", "unit_price": "5", "tax_category": "K"})
    written = write_ubl(sale, SELLER)
    assert b"<cbc:TaxExemptionReasonCode>VATEX-EU-IC</cbc:TaxExemptionReasonCode>" in written
    assert b"<cbc:ActualDeliveryDate>2026-05-01</cbc:ActualDeliveryDate>" in written
