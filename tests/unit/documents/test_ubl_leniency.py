"""Lawful UBL documents of unusual forms are taken, with warnings only where a person must look."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from documents.command_form import as_json
from tests.unit.documents.messages import accepted, refused, sample

X = "urn:oasis:names:specification:ubl:schema:xsd:"
HEAD = "<cbc:ID>L-1</cbc:ID><cbc:IssueDate>2026-05-01</cbc:IssueDate>"
SUPPLIER = "<cac:PartyLegalEntity><cbc:RegistrationName>Mill Lane Paper</cbc:RegistrationName></cac:PartyLegalEntity>"
BUYER = "<cac:PartyLegalEntity><cbc:RegistrationName>Harbour Books</cbc:RegistrationName></cac:PartyLegalEntity>"


def amount(name: str, value: str, currency: str = "EUR") -> str:
    return f'<cbc:{name} currencyID="{currency}">{value}</cbc:{name}>'


def change(value: str, *, indicator: str = "true", more: str = "") -> str:
    money = amount("Amount", value) if value else ""
    flag = f"<cbc:ChargeIndicator>{indicator}</cbc:ChargeIndicator>"
    return f"<cac:AllowanceCharge>{flag}{more}{money}</cac:AllowanceCharge>"


def a_line(
    total: str | None = "100.00",
    *,
    quantity: str | None = "1",
    price: str | None = "100.00",
    changes: str = "",
    base: str = "",
    item: str = "<cbc:Name>Paper</cbc:Name>",
) -> str:
    quantity = "" if quantity is None else f'<cbc:InvoicedQuantity unitCode="EA">{quantity}</cbc:InvoicedQuantity>'
    stated = "" if total is None else amount("LineExtensionAmount", total)
    priced = "" if price is None else f"<cac:Price>{amount('PriceAmount', price)}{base}</cac:Price>"
    content = f"<cbc:ID>1</cbc:ID>{quantity}{stated}{changes}<cac:Item>{item}</cac:Item>{priced}"
    return f"<cac:InvoiceLine>{content}</cac:InvoiceLine>"


def an_invoice(
    *lines: str,
    head: str = HEAD,
    net: str = "100.00",
    gross: str | None = None,
    totals: str = "",
    payable: str | None = None,
    supplier: str = SUPPLIER,
    buyer: str = BUYER,
    more: str = "",
) -> bytes:
    gross = gross or net
    stated = amount("TaxExclusiveAmount", net) + amount("TaxInclusiveAmount", gross) + totals
    return (
        f'<Invoice xmlns="{X}Invoice-2" xmlns:cac="{X}CommonAggregateComponents-2"'
        f' xmlns:cbc="{X}CommonBasicComponents-2">'
        f"{head}<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>{more}"
        f"<cac:AccountingSupplierParty><cac:Party>{supplier}</cac:Party></cac:AccountingSupplierParty>"
        f"<cac:AccountingCustomerParty><cac:Party>{buyer}</cac:Party></cac:AccountingCustomerParty>"
        f"<cac:LegalMonetaryTotal>{stated}{amount('PayableAmount', payable or gross)}</cac:LegalMonetaryTotal>"
        f"{''.join(lines) or a_line()}</Invoice>"
    ).encode()


def document_of(body: bytes) -> dict[str, Any]:
    document: dict[str, Any] = as_json(accepted(body).document)["document"]
    return document


def codes(body: bytes) -> list[str]:
    return [warning.code for warning in accepted(body).warnings]


@pytest.mark.parametrize(
    ("name", "gross", "payable"),
    [
        ("charge_on_a_line", "133.00", "133.00"),
        ("indicator_as_a_digit", "133.00", "133.00"),
        ("correction_by_a_negative_line", "-90.00", "-90.00"),
        ("fee_carried_over", "100.00", "125.00"),
        ("price_of_nothing", "70.00", "70.00"),
    ],
)
def test_amounts_are_taken_as_stated_without_a_warning(name: str, gross: str, payable: str) -> None:
    message = accepted(sample(f"ubl/{name}.xml"))
    assert message.warnings == ()
    document = message.document
    assert (document.gross_amount, document.payable_amount) == (Decimal(gross), Decimal(payable))


@pytest.mark.parametrize(
    ("changes", "total", "discount", "discount_amount"),
    [
        (change("33.00"), "133.00", None, "-33"),
        (change("10.00", indicator="0"), "90.00", "10", None),
        (change("10.00", indicator="false") + change("4.00", indicator="1"), "94.00", "6", None),
        (change("", more="<cbc:MultiplierFactorNumeric>25</cbc:MultiplierFactorNumeric>"), "125.00", None, "-25"),
        (
            change(
                "",
                indicator="false",
                more=f"<cbc:MultiplierFactorNumeric>5</cbc:MultiplierFactorNumeric>{amount('BaseAmount', '200.00')}",
            ),
            "90.00",
            "10",
            None,
        ),
        (change("-5.00"), "95.00", "5", None),
        (change("120.00", indicator="false"), "-20.00", None, "120"),
    ],
)
def test_changes_of_a_line_are_part_of_it(
    changes: str, total: str, discount: str | None, discount_amount: str | None
) -> None:
    body = an_invoice(a_line(total, changes=changes), net=total)
    assert codes(body) == []
    (line,) = document_of(body)["lines"]
    assert (line.get("discount"), line.get("discount_amount"), line["total"]) == (discount, discount_amount, total)


@pytest.mark.parametrize(
    ("changes", "net", "expected"),
    [
        (change("-25.00"), "75.00", {"type": "charge", "mode": "amount", "amount": "-25.00"}),
        (change("-25.00", indicator="false"), "125.00", {"type": "discount", "mode": "amount", "amount": "-25.00"}),
        (
            change("", indicator="0", more="<cbc:MultiplierFactorNumeric>10</cbc:MultiplierFactorNumeric>"),
            "90.00",
            {"type": "discount", "mode": "pct", "amount": "10"},
        ),
    ],
)
def test_changes_of_the_document_may_be_negative_or_in_percent(
    changes: str, net: str, expected: dict[str, str]
) -> None:
    body = an_invoice(more=changes, net=net)
    assert codes(body) == []
    assert document_of(body)["adjustments"] == [expected]


def test_an_incomplete_change_is_left_out_with_a_warning() -> None:
    body = an_invoice(
        more="<cac:AllowanceCharge><cbc:AllowanceChargeReason>x</cbc:AllowanceChargeReason></cac:AllowanceCharge>"
    )
    assert codes(body) == ["charge_indicator_missing", "amount_missing"]
    assert "adjustments" not in document_of(body)


@pytest.mark.parametrize("day", ["2026-05-01Z", "2026-05-01+02:00", "2026-05-01-11:00", "2026-05-01T23:30:00+02:00"])
def test_a_date_may_carry_a_zone(day: str) -> None:
    head = f"<cbc:ID>L-1</cbc:ID><cbc:IssueDate>{day}</cbc:IssueDate><cbc:DueDate>{day}</cbc:DueDate>"
    document = document_of(an_invoice(head=head))
    assert (document["document_date"], document["date_due"]) == ("2026-05-01", "2026-05-01")


def test_a_due_date_that_cannot_be_read_is_left_out_with_a_warning() -> None:
    body = an_invoice(head=f"{HEAD}<cbc:DueDate>soon</cbc:DueDate>")
    assert codes(body) == ["value_ignored"]
    assert "date_due" not in document_of(body)


@pytest.mark.parametrize(
    ("quantity", "price", "total"),
    [
        ("1000", "0.061232375", "61.23"),
        ("0.3333333333", "300.00", "100.00"),
        ("1", "61.230000000000004", "61.23"),
        ("3", "33." + "3" * 29, "100.00"),
        ("3", "33." + "3" * 60, "100.00"),
    ],
)
def test_numbers_have_any_number_of_decimals(quantity: str, price: str, total: str) -> None:
    body = an_invoice(a_line(total, quantity=quantity, price=price), net=total)
    assert codes(body) == []
    (line,) = document_of(body)["lines"]
    assert (line["quantity"], line["unit_price"], line["total"]) == (quantity, price[:33], total)


@pytest.mark.parametrize(
    ("line", "code", "quantity", "price"),
    [
        (a_line("100.00", quantity="4", price=None), "price_missing", "4", "25"),
        (a_line("100.00", quantity=None, price="25"), "quantity_missing", "4", "25"),
        (a_line(None, quantity=None, price="100"), "quantity_missing", "1", "100"),
        (a_line("110.00", quantity="4", price=None, changes=change("10.00")), "price_missing", "4", "25"),
        (a_line(base="<cbc:BaseQuantity>0</cbc:BaseQuantity>"), "base_quantity_invalid", "1", "100.00"),
    ],
)
def test_what_the_rest_of_a_line_says_is_worked_out_with_a_warning(
    line: str, code: str, quantity: str, price: str
) -> None:
    body = an_invoice(line, net="110.00" if "10.00</cbc:Amount>" in line else "100.00")
    assert codes(body) == [code]
    (read,) = document_of(body)["lines"]
    assert (read["quantity"], read["unit_price"]) == (quantity, price)


def test_a_line_that_says_nothing_of_itself_is_taken_with_warnings() -> None:
    body = an_invoice(a_line(None, quantity=None, price=None, item=""))
    assert set(codes(body)) == {"quantity_missing", "price_missing", "item_missing", "total_differs"}


@pytest.mark.parametrize(
    "item",
    [
        "<cbc:Description>Paper, 80 g</cbc:Description>",
        "<cac:SellersItemIdentification><cbc:ID>P-80</cbc:ID></cac:SellersItemIdentification>",
        "<cac:StandardItemIdentification><cbc:ID>4750000000017</cbc:ID></cac:StandardItemIdentification>",
    ],
)
def test_a_description_or_a_code_says_what_a_line_without_a_name_is(item: str) -> None:
    assert codes(an_invoice(a_line(item=item))) == []


PERSON = "<cac:Person><cbc:FirstName>Ada</cbc:FirstName><cbc:FamilyName>Ozola</cbc:FamilyName></cac:Person>"


def test_a_person_may_be_the_supplier() -> None:
    assert document_of(an_invoice(supplier=PERSON))["supplier"] == {"name": "Ada Ozola"}


def test_a_contact_names_a_supplier_that_nothing_else_names() -> None:
    supplier = "<cac:Contact><cbc:Name>Ada Ozola</cbc:Name></cac:Contact>"
    assert document_of(an_invoice(supplier=supplier))["supplier"] == {"name": "Ada Ozola"}


def test_a_customer_without_a_name_is_kept() -> None:
    tax = "<cac:PartyTaxScheme><cbc:CompanyID>LV1</cbc:CompanyID></cac:PartyTaxScheme>"
    body = an_invoice(buyer=tax)
    assert codes(body) == []
    assert document_of(body)["client"] == {"vat_number": "LV1"}
    assert "client" not in document_of(an_invoice(buyer=""))


def test_long_texts_are_cut_with_a_warning() -> None:
    body = an_invoice(supplier=SUPPLIER.replace("Paper", "P" * 300), more=f"<cbc:Note>{'n' * 10_001}</cbc:Note>")
    assert codes(body) == ["text_cut", "text_cut"]
    assert len(document_of(body)["supplier"]["name"]) == 200


def test_every_tax_category_is_kept_with_its_reason() -> None:
    def subtotal(code: str, rate: str, base: str, tax: str, reason: str = "") -> str:
        category = (
            f"<cac:TaxCategory><cbc:ID>{code}</cbc:ID><cbc:Percent>{rate}</cbc:Percent>{reason}</cac:TaxCategory>"
        )
        return f"<cac:TaxSubtotal>{amount('TaxableAmount', base)}{amount('TaxAmount', tax)}{category}</cac:TaxSubtotal>"

    reason = (
        "<cbc:TaxExemptionReasonCode>VATEX-EU-IC</cbc:TaxExemptionReasonCode>"
        "<cbc:TaxExemptionReason>Intra-Community supply</cbc:TaxExemptionReason>"
    )
    subtotals = subtotal("S", "21", "100.00", "21.00") + subtotal("K", "0", "50.00", "0.00", reason)
    tax = f"<cac:TaxTotal>{amount('TaxAmount', '21.00')}{subtotals}</cac:TaxTotal>"
    other = f"<cac:TaxTotal>{amount('TaxAmount', '230.00', 'SEK')}</cac:TaxTotal>"
    body = an_invoice(a_line(), a_line("50.00", price="50.00"), more=tax + other, net="150.00", gross="171.00")
    assert codes(body) == []
    assert document_of(body)["taxes"] == [
        {"category": "S", "rate": "21", "taxable_amount": "100.00", "tax_amount": "21.00"},
        {
            "category": "K",
            "rate": "0",
            "taxable_amount": "50.00",
            "tax_amount": "0.00",
            "exemption_code": "VATEX-EU-IC",
            "exemption_reason": "Intra-Community supply",
        },
    ]


@pytest.mark.parametrize(
    ("prepaid", "rounding", "payable", "flags"),
    [
        ("-20.00", None, "120.00", []),
        ("25.00", None, "75.00", []),
        (None, "0.02", "100.02", []),
        ("10.00", "-0.04", "89.96", []),
        ("10.00", None, "100.00", ["payable_differs"]),
    ],
)
def test_prepaid_rounding_and_payable_amounts_are_kept(
    prepaid: str | None, rounding: str | None, payable: str, flags: list[str]
) -> None:
    totals = amount("PrepaidAmount", prepaid) if prepaid else ""
    totals += amount("PayableRoundingAmount", rounding) if rounding else ""
    body = an_invoice(totals=totals, payable=payable)
    assert codes(body) == flags
    document = document_of(body)
    assert (document.get("prepaid_amount"), document.get("rounding_amount"), document["payable_amount"]) == (
        prepaid,
        rounding,
        payable,
    )


def test_an_amount_in_another_currency_is_left_out_with_a_warning() -> None:
    line = a_line().replace('PriceAmount currencyID="EUR"', 'PriceAmount currencyID="USD"')
    assert codes(an_invoice(line)) == ["currency_differs", "price_missing"]


def test_an_envelope_is_opened() -> None:
    inner = an_invoice().decode()
    envelope = (
        '<sh:StandardBusinessDocument xmlns:sh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">'
        "<sh:StandardBusinessDocumentHeader><sh:HeaderVersion>1.0</sh:HeaderVersion></sh:StandardBusinessDocumentHeader>"
        f"{inner}</sh:StandardBusinessDocument>"
    ).encode()
    assert accepted(envelope).document == accepted(inner.encode()).document
    assert accepted(envelope).warnings == ()
    empty = envelope.replace(inner.encode(), b"")
    assert list(refused(empty)) == ["/"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (an_invoice(supplier=""), "cac:AccountingSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName"),
        (an_invoice(head="<cbc:IssueDate>2026-05-01</cbc:IssueDate>"), "cbc:ID"),
        (an_invoice(head="<cbc:ID>L-1</cbc:ID>"), "cbc:IssueDate"),
        (an_invoice().replace(b">EUR<", b"><"), "cbc:DocumentCurrencyCode"),
        (an_invoice(a_line()).replace(b"InvoiceLine", b"OrderLine"), "cac:InvoiceLine"),
    ],
)
def test_without_supplier_number_date_currency_or_lines_there_is_no_document(body: bytes, path: str) -> None:
    assert list(refused(body)) == [f"/Invoice/{path}"]
