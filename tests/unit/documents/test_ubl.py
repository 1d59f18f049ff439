"""UBL 2.1 / Peppol BIS 3 invoices and credit notes to the same document."""

from __future__ import annotations

from typing import Any

import pytest

from documents.command_form import as_json
from tests.unit.documents.messages import accepted, refused, sample, texts

INVOICE = sample("ubl/invoice.xml").decode()
LINE = "/Invoice/cac:InvoiceLine[1]"
EUR = 'currencyID="EUR"'


def an_invoice(*changes: tuple[str, str]) -> bytes:
    """The sample with pieces of it replaced."""
    text = INVOICE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text.encode()


def a_credit_note(*changes: tuple[str, str]) -> bytes:
    """The sample as a credit note."""
    as_credit_note = (
        ("Invoice-2", "CreditNote-2"),
        ("<Invoice ", "<CreditNote "),
        ("</Invoice>", "</CreditNote>"),
        ("InvoiceLine", "CreditNoteLine"),
        ("InvoicedQuantity", "CreditedQuantity"),
        ("<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>", "<cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>"),
        ("<cbc:DueDate>2026-05-10</cbc:DueDate>", ""),
    )
    return an_invoice(*as_credit_note, *changes)


def document_of(body: bytes) -> dict[str, Any]:
    document: dict[str, Any] = as_json(accepted(body).document)["document"]
    return document


def test_the_sample_is_read_without_a_warning() -> None:
    message = accepted(sample("ubl/invoice.xml"))
    assert message.warnings == ()
    assert as_json(message.document) == {
        "document": {
            "document_date": "2026-04-10",
            "document_ref": "U-77",
            "supplier": {"name": "Sel & Fils SA", "tax_number": "BE0123456749"},
            "client": {"name": "Baltic Trading OÜ"},
            "sale_type": "sales_invoice",
            "currency": "EUR",
            "include_tax": False,
            "pay_term": {"type": 0},
            "date_due": "2026-05-10",
            "lines": [
                {
                    "item_code": "S-5",
                    "name": "Salt, 5 kg",
                    "quantity": "4",
                    "unit_price": "25.00",
                    "total": "100.00",
                    "unit": "C62",
                    "tax_rate": "21",
                    "tax_category": "S",
                }
            ],
            "taxes": [{"category": "S", "rate": "21", "taxable_amount": "100.00", "tax_amount": "21.00"}],
            "gross_amount": "121.00",
            "net_amount": "100.00",
            "payable_amount": "121.00",
        }
    }


def test_prefixes_are_the_senders_to_choose() -> None:
    other = (
        INVOICE.replace("cbc:", "b:").replace("xmlns:cbc", "xmlns:b").replace("cac:", "ns2:").replace(":cac", ":ns2")
    )
    root = other.replace("<Invoice xmlns=", "<u:Invoice xmlns:u=").replace("</Invoice>", "</u:Invoice>")
    assert accepted(root.encode()).document == accepted(sample("ubl/invoice.xml")).document


def test_a_credit_note_is_one() -> None:
    document = document_of(a_credit_note())
    assert (document["sale_type"], document["lines"][0]["quantity"]) == ("credit_note", "4")
    assert "date_due" not in document


def test_a_credit_note_may_be_due() -> None:
    means = (
        "<cac:PaymentMeans><cbc:PaymentMeansCode>58</cbc:PaymentMeansCode>"
        "<cbc:PaymentDueDate>2026-05-11</cbc:PaymentDueDate></cac:PaymentMeans>"
    )
    document = document_of(a_credit_note(("<cac:TaxTotal>", f"{means}<cac:TaxTotal>")))
    assert (document["date_due"], document["pay_term"], document["payment_method"]) == ("2026-05-11", {"type": 0}, 1)


@pytest.mark.parametrize(
    ("code", "kind"),
    [("380", "sales_invoice"), ("384", "sales_invoice"), ("325", "sales_proforma"), ("381", "credit_note")],
)
def test_the_type_code_gives_the_kind(code: str, kind: str) -> None:
    assert document_of(an_invoice((">380<", f">{code}<")))["sale_type"] == kind


@pytest.mark.parametrize(
    ("piece", "path"),
    [
        ("<cbc:ID>U-77</cbc:ID>", "/Invoice/cbc:ID"),
        ("<cbc:IssueDate>2026-04-10</cbc:IssueDate>", "/Invoice/cbc:IssueDate"),
        ("<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>", "/Invoice/cbc:DocumentCurrencyCode"),
    ],
)
def test_what_a_document_needs_is_missed_by_name(piece: str, path: str) -> None:
    assert refused(an_invoice((piece, ""))) == {path: "is required"}


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("2026-04-10", "2026-04-31", "/Invoice/cbc:IssueDate"),
        (">EUR<", ">EURO<", "/Invoice/cbc:DocumentCurrencyCode"),
        (">4<", ">four<", f"{LINE}/cbc:InvoicedQuantity"),
        ("<cbc:IssueDate>", "<cbc:IssueDate>2026-01-01</cbc:IssueDate><cbc:IssueDate>", "/Invoice/cbc:IssueDate"),
    ],
)
def test_what_is_wrong_is_refused_at_its_element(before: str, after: str, path: str) -> None:
    assert list(refused(an_invoice((before, after)))) == [path]


def test_an_invoice_without_lines_or_supplier_is_refused() -> None:
    assert set(refused(b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>')) == {
        "/Invoice/cbc:DocumentCurrencyCode",
        "/Invoice/cac:InvoiceLine",
        "/Invoice/cbc:IssueDate",
        "/Invoice/cbc:ID",
        "/Invoice/cac:AccountingSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName",
    }


def tax_scheme(kind: str, number: str) -> str:
    scheme = f"<cac:TaxScheme><cbc:ID>{kind}</cbc:ID></cac:TaxScheme>"
    return f"<cac:PartyTaxScheme><cbc:CompanyID>{number}</cbc:CompanyID>{scheme}</cac:PartyTaxScheme>"


def test_a_party_is_read_whole() -> None:
    party = (
        "<cac:PartyName><cbc:Name>Sel</cbc:Name></cac:PartyName>"
        "<cac:PostalAddress><cbc:StreetName>Rue 1</cbc:StreetName>"
        "<cbc:AdditionalStreetName>B</cbc:AdditionalStreetName>"
        "<cbc:CityName>Liège</cbc:CityName><cbc:PostalZone>04000</cbc:PostalZone>"
        "<cac:Country><cbc:IdentificationCode>BE</cbc:IdentificationCode></cac:Country></cac:PostalAddress>"
        f"{tax_scheme('LOC', 'X1')}{tax_scheme('VAT', 'BE0123')}"
        '<cac:PartyLegalEntity><cbc:CompanyID schemeID="0208">0123456749</cbc:CompanyID></cac:PartyLegalEntity>'
        "<cac:Contact><cbc:Telephone>+32 1</cbc:Telephone>"
        "<cbc:ElectronicMail>a@sel.example</cbc:ElectronicMail></cac:Contact>"
    )
    before, _, rest = INVOICE.partition("<cac:AccountingSupplierParty><cac:Party>")
    after = rest.partition("</cac:Party></cac:AccountingSupplierParty>")[2]
    body = f"{before}<cac:AccountingSupplierParty><cac:Party>{party}</cac:Party></cac:AccountingSupplierParty>{after}"
    assert document_of(body.encode())["supplier"] == {
        "name": "Sel",
        "reg_number": "0123456749",
        "tax_number": "BE0123",
        "email": "a@sel.example",
        "phone": "+32 1",
        "address": {"street": "Rue 1, B", "city": "Liège", "postal_code": "04000", "country": "BE"},
    }


def allowance(amount: str, *, charge: bool = False, reason: str = "Loyalty") -> str:
    return (
        f"<cac:AllowanceCharge><cbc:ChargeIndicator>{str(charge).lower()}</cbc:ChargeIndicator>"
        f"<cbc:AllowanceChargeReason>{reason}</cbc:AllowanceChargeReason>"
        f"<cbc:Amount {EUR}>{amount}</cbc:Amount></cac:AllowanceCharge>"
    )


def test_allowances_and_charges_of_the_document_are_its_adjustments() -> None:
    body = an_invoice(
        ("<cac:TaxTotal>", f"{allowance('10.00')}{allowance('5.00', charge=True, reason='Freight')}<cac:TaxTotal>"),
        (f"<cbc:TaxExclusiveAmount {EUR}>100.00", f"<cbc:TaxExclusiveAmount {EUR}>95.00"),
        (f"<cbc:TaxInclusiveAmount {EUR}>121.00", f"<cbc:TaxInclusiveAmount {EUR}>116.00"),
        (f"<cbc:PayableAmount {EUR}>121.00", f"<cbc:PayableAmount {EUR}>116.00"),
    )
    assert document_of(body)["adjustments"] == [
        {"type": "discount", "mode": "amount", "amount": "10.00", "description": "Loyalty"},
        {"type": "charge", "mode": "amount", "amount": "5.00", "description": "Freight"},
    ]
    assert accepted(body).warnings == ()


@pytest.mark.parametrize(
    ("amount", "total", "discount"), [("10.00", "90.00", "10"), ("33.33", "66.67", "33.33"), ("100", "0.00", "100")]
)
def test_an_allowance_of_a_line_is_its_discount(amount: str, total: str, discount: str) -> None:
    body = an_invoice(
        ("<cac:Item>", f"{allowance(amount)}<cac:Item>"),
        (f"<cbc:LineExtensionAmount {EUR}>100.00", f"<cbc:LineExtensionAmount {EUR}>{total}"),
        (f"<cbc:TaxExclusiveAmount {EUR}>100.00", f"<cbc:TaxExclusiveAmount {EUR}>{total}"),
        (f"<cbc:TaxInclusiveAmount {EUR}>121.00", f"<cbc:TaxInclusiveAmount {EUR}>{float(total) + 21:.2f}"),
        (f"<cbc:PayableAmount {EUR}>121.00", f"<cbc:PayableAmount {EUR}>{float(total) + 21:.2f}"),
    )
    assert document_of(body)["lines"][0]["discount"] == discount
    assert accepted(body).warnings == ()


@pytest.mark.parametrize(("base", "price"), [("1", "25.00"), ("10", "2.5"), ("3", "8.333333333333"), ("0.5", "50")])
def test_a_price_for_several_is_brought_to_one(base: str, price: str) -> None:
    body = an_invoice(("</cbc:PriceAmount>", f"</cbc:PriceAmount><cbc:BaseQuantity>{base}</cbc:BaseQuantity>"))
    assert document_of(body)["lines"][0]["unit_price"] == price


@pytest.mark.parametrize("base", ["0", "-1", "0.00"])
def test_a_price_for_none_counts_for_one(base: str) -> None:
    body = an_invoice(("</cbc:PriceAmount>", f"</cbc:PriceAmount><cbc:BaseQuantity>{base}</cbc:BaseQuantity>"))
    assert document_of(body)["lines"][0]["unit_price"] == "25.00"
    assert [each.code for each in accepted(body).warnings] == ["base_quantity_invalid"]


def test_a_price_too_large_for_one_is_refused() -> None:
    body = an_invoice(
        (">25.00<", ">999999999999<"),
        ("</cbc:PriceAmount>", "</cbc:PriceAmount><cbc:BaseQuantity>0.00000001</cbc:BaseQuantity>"),
    )
    assert list(refused(body)) == [f"{LINE}/cac:Price/cbc:PriceAmount"]


def attached(address: str) -> str:
    uri = f"<cbc:URI>{address}</cbc:URI>"
    inner = f"<cac:Attachment><cac:ExternalReference>{uri}</cac:ExternalReference></cac:Attachment>"
    return f"<cac:AdditionalDocumentReference>{inner}</cac:AdditionalDocumentReference>"


def test_notes_a_link_and_what_is_prepaid_are_kept() -> None:
    body = an_invoice(
        ("<cbc:BuyerReference>", "<cbc:Note>One</cbc:Note><cbc:Note>Two</cbc:Note><cbc:BuyerReference>"),
        (
            "<cac:AccountingSupplierParty>",
            f"{attached('')}{attached('urn:x')}{attached('https://sel.example/77')}<cac:AccountingSupplierParty>",
        ),
        ("<cbc:PayableAmount", f"<cbc:PrepaidAmount {EUR}>20.00</cbc:PrepaidAmount><cbc:PayableAmount"),
    )
    message = as_json(accepted(body).document)
    assert message["comment"] == "One\nTwo"
    assert message["links"] == {"document": "https://sel.example/77"}
    assert message["document"]["deposit"] == "20.00"


def test_a_tax_that_does_not_lie_between_the_totals_is_flagged() -> None:
    body = an_invoice((f"<cac:TaxTotal><cbc:TaxAmount {EUR}>21.00", f"<cac:TaxTotal><cbc:TaxAmount {EUR}>20.00"))
    assert texts(accepted(body)) == [
        "/Invoice/cac:TaxTotal[1]/cbc:TaxAmount is 20.00, but 21.00 lies between net and gross"
    ]


def test_the_tax_in_another_currency_is_not_compared() -> None:
    other = '<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">240.00</cbc:TaxAmount></cac:TaxTotal>'
    assert accepted(an_invoice(("<cac:TaxTotal>", f"{other}<cac:TaxTotal>"))).warnings == ()


def test_totals_that_do_not_add_up_are_flagged_where_they_stand() -> None:
    body = an_invoice(("100.00</cbc:LineExtensionAmount><cac:Item>", "99.00</cbc:LineExtensionAmount><cac:Item>"))
    assert [warning.path for warning in accepted(body).warnings] == [
        f"{LINE}/cbc:LineExtensionAmount",
        "/Invoice/cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount",
    ]


def test_an_order_by_ubl_without_a_client_is_flagged() -> None:
    before, _, rest = INVOICE.partition("<cac:AccountingCustomerParty>")
    without = (before + rest.partition("</cac:AccountingCustomerParty>")[2]).encode()
    assert accepted(without).warnings == ()
    assert [each.code for each in accepted(without, box="sales").warnings] == ["client_name_missing"]


def test_a_credit_notes_line_without_a_quantity_is_named_as_it_is_there() -> None:
    body = a_credit_note(('<cbc:CreditedQuantity unitCode="C62">4</cbc:CreditedQuantity>', ""))
    paths = [warning.path for warning in accepted(body).warnings]
    assert paths == ["/CreditNote/cac:CreditNoteLine[1]/cbc:CreditedQuantity"]
