"""Every tag, enumeration and "only with" rule of PayTraq Direct's page."""

from __future__ import annotations

from typing import Any

import pytest

from documents.command_form import as_json
from tests.unit.documents.messages import EVERY_TAG, JSON_FORM, a_sale, accepted, refused, sample

HEADER, ABOUT = "Header", "Header/Document"
LINE, ADJUSTMENT = "LineItems/LineItem/0", "Adjustments/Adjustment/0"

# tag in the message, field in our document, a value, the field's value
TAGS: list[tuple[str, str, str, Any]] = [
    (f"{ABOUT}/DocumentDate", "document/document_date", "2024-02-29", "2024-02-29"),
    (f"{ABOUT}/DocumentRef", "document/document_ref", "000123", "000123"),
    (f"{ABOUT}/ExternalLink/DocumentURI", "links/document", "http://a.example/?q=1", "http://a.example/?q=1"),
    (f"{ABOUT}/ExternalLink/PDF", "links/pdf", "https://a.example/1.pdf", "https://a.example/1.pdf"),
    (f"{ABOUT}/SupplierData/SupplierName", "document/supplier/name", "Sel & Fils", "Sel & Fils"),
    (f"{ABOUT}/ClientData/ClientName", "document/client/name", "Ωμέγα", "Ωμέγα"),
    (f"{HEADER}/SaleType", "document/sale_type", "credit_note", "credit_note"),
    (f"{HEADER}/Operation", "document/operation", "other_income", "other_income"),
    (f"{HEADER}/Currency", "document/currency", "JPY", "JPY"),
    (f"{HEADER}/TaxBasis", "document/tax_basis", "2", 2),
    (f"{HEADER}/IncludeTax", "document/include_tax", "true", True),
    (f"{HEADER}/PayTerm/PayTermType", "document/pay_term/type", "2", 2),
    (f"{HEADER}/PayTerm/PayTermDays", "document/pay_term/days", "030", 30),
    (f"{HEADER}/Deposit", "document/deposit", "0", "0"),
    (f"{HEADER}/Comment", "comment", "  two\n lines ", "two\n lines"),
    (f"{HEADER}/PaymentMethod", "document/payment_method", "6", 6),
    (f"{HEADER}/ShippingData/ShippingType", "document/shipping_type", "3", 3),
    (f"{LINE}/Item/ItemCode", "document/lines/0/item_code", "0007", "0007"),
    (f"{LINE}/Item/ItemBarCode", "document/lines/0/barcode", "00012345", "00012345"),
    (f"{LINE}/Item/ItemName", "document/lines/0/name", "Paper <A4>", "Paper <A4>"),
    (f"{LINE}/Description", "document/lines/0/description", "1e3", "1e3"),
    (f"{LINE}/Qty", "document/lines/0/quantity", "-0.00000001", "-0.00000001"),
    (f"{LINE}/Price", "document/lines/0/unit_price", "999999999999.99999999", "999999999999.99999999"),
    (f"{LINE}/LineDiscount", "document/lines/0/discount", "100", "100"),
    (f"{LINE}/LineTotal", "document/lines/0/total", "-42.7500", "-42.7500"),
    (f"{LINE}/Unit/UnitName", "document/lines/0/unit", "pcs", "pcs"),
    (f"{ADJUSTMENT}/Amount", "document/adjustments/0/amount", "0.01", "0.01"),
    (f"{ADJUSTMENT}/Description", "document/adjustments/0/description", "Loyalty", "Loyalty"),
    (f"{ADJUSTMENT}/TypeID", "document/adjustments/0/type", "charge", "charge"),
    (f"{ADJUSTMENT}/PctOrAmount", "document/adjustments/0/mode", "pct", "pct"),
    ("ShippingCharge/Amount", "document/shipping_charge", "5", "5"),
    ("Totals/GrossAmount", "document/gross_amount", "999999999999999.99999999", "999999999999999.99999999"),
    ("Totals/NetAmount", "document/net_amount", "105.0", "105.0"),
]

REQUIRED = {
    f"{ABOUT}/DocumentDate",
    f"{ABOUT}/DocumentRef",
    f"{ABOUT}/SupplierData/SupplierName",
    f"{HEADER}/SaleType",
    f"{HEADER}/Currency",
    f"{LINE}/Qty",
    f"{LINE}/Price",
    f"{ADJUSTMENT}/Amount",
    f"{ADJUSTMENT}/TypeID",
    f"{ADJUSTMENT}/PctOrAmount",
}

ENUMERATIONS = {
    f"{HEADER}/SaleType": (
        "document/sale_type",
        ["sales_order", "sales_proforma", "sales_invoice", "sales_receipt", "sales_estimate", "credit_note"],
        ["invoice", "SALES_INVOICE", "purchase_order"],
    ),
    f"{HEADER}/Operation": (
        "document/operation",
        ["sell_goods", "sell_services", "other_income"],
        ["buy_goods", "Sell_goods"],
    ),
    f"{HEADER}/TaxBasis": ("document/tax_basis", ["1", "2"], ["0", "3", "01", "cash"]),
    f"{HEADER}/IncludeTax": ("document/include_tax", ["false", "true"], ["2", "yes", "True", "TRUE"]),
    f"{HEADER}/PaymentMethod": ("document/payment_method", list("0123456"), ["7", "-1", "bank"]),
    f"{HEADER}/ShippingData/ShippingType": ("document/shipping_type", list("0123"), ["4", "1.0"]),
    f"{ADJUSTMENT}/TypeID": ("document/adjustments/0/type", ["charge", "discount"], ["Charge", "rebate"]),
    f"{ADJUSTMENT}/PctOrAmount": ("document/adjustments/0/mode", ["pct", "amount"], ["percent", "%"]),
}

BAD_VALUES = {
    f"{ABOUT}/DocumentDate": ["2026-02-30", "30.01.2026", "2026-1-30", "20260130", "2026-W05-5", "2026-01-30T",
                              "2026-01-30 00:00", "0026-01-30", "\uff12\uff10\uff12\uff16-01-30", "today"],
    f"{ABOUT}/DocumentRef": ["x" * 101],
    f"{ABOUT}/SupplierData/SupplierName": ["x" * 201],
    f"{HEADER}/Currency": ["EURO", "eur", "XYZ", "€", "978"],
    f"{HEADER}/PayTerm/PayTermType": ["5", "-1", "due"],
    f"{HEADER}/PayTerm/PayTermDays": ["-1", "3651", "14.0", "fourteen", "99999999999999999999"],
    f"{HEADER}/Deposit": ["-1", "ten"],
    f"{HEADER}/Comment": ["x" * 10_001],
    f"{LINE}/Qty": ["two", "1e3", "NaN", "Infinity", "1,5", "1 000", "1" + "0" * 30, "0x10", "\u0663",
                    "--1", "."],
    f"{LINE}/Price": ["free", "1" + "0" * 12],
    f"{LINE}/LineDiscount": ["-0.01", "100.01", "5%"],
    f"{LINE}/LineTotal": ["1" + "0" * 15, "42,75"],
    f"{ADJUSTMENT}/Amount": ["-2.75", "1" + "0" * 30],
    "ShippingCharge/Amount": ["five"],
    "Totals/GrossAmount": ["1" + "0" * 30],
    "Totals/NetAmount": ["105.00 EUR"],
}  # fmt: skip


def element_path(tag: str) -> str:
    """How an answer names a tag: lists counted from 1, or not at all for what is there once."""
    return "/Sale/" + tag.replace("LineItem/0", "LineItem[1]").replace("Adjustment/0", "Adjustment[1]")


def field(document: dict[str, Any], path: str) -> Any:
    place: Any = document
    for step in path.split("/"):
        if place is None:
            return None
        place = place[int(step)] if isinstance(place, list) else place.get(step)
    return place


def test_a_message_with_every_tag_gives_every_field() -> None:
    assert as_json(accepted(a_sale()).document) == JSON_FORM


@pytest.mark.parametrize(("tag", "where", "sent", "kept"), TAGS, ids=[row[0] for row in TAGS])
def test_a_tag_arrives_in_its_field_exactly_as_sent(tag: str, where: str, sent: str, kept: Any) -> None:
    assert field(as_json(accepted(a_sale({tag: sent})).document), where) == kept


@pytest.mark.parametrize(("tag", "where", "sent", "kept"), TAGS, ids=[row[0] for row in TAGS])
@pytest.mark.parametrize("nothing", [None, "", " \n\t "], ids=["absent", "empty", "blank"])
def test_an_absent_or_empty_tag_is_absent_and_only_the_required_ones_are_missed(
    tag: str, where: str, sent: str, kept: Any, nothing: str | None
) -> None:
    changes: dict[str, Any] = {tag: nothing}
    if tag.endswith("PayTermType"):
        changes[f"{HEADER}/PayTerm/PayTermDays"] = None
    if tag in REQUIRED:
        assert refused(a_sale(changes)) == {element_path(tag): "is required"}
    else:
        expected = False if where.endswith("include_tax") else None
        assert field(as_json(accepted(a_sale(changes)).document), where) == expected


def test_the_due_date_arrives_with_pay_term_0() -> None:
    message = accepted(sample("direct/due_date.xml"))
    assert as_json(message.document)["document"]["date_due"] == "2026-03-01"
    assert message.warnings == ()


@pytest.mark.parametrize(
    ("tag", "where", "value"),
    [(tag, where, value) for tag, (where, good, _) in ENUMERATIONS.items() for value in good],
)
def test_every_value_of_an_enumeration_is_taken(tag: str, where: str, value: str) -> None:
    kept = field(as_json(accepted(a_sale({tag: value})).document), where)
    assert (str(kept).lower() if isinstance(kept, bool) else str(kept)) == value


@pytest.mark.parametrize(("tag", "value"), [(tag, value) for tag, (_, _, bad) in ENUMERATIONS.items() for value in bad])
def test_any_other_value_of_an_enumeration_is_refused_by_name(tag: str, value: str) -> None:
    faults = refused(a_sale({tag: value}))
    assert list(faults) == [element_path(tag)]
    assert repr(value) in faults[element_path(tag)]


@pytest.mark.parametrize(("tag", "value"), [(tag, value) for tag, bad in BAD_VALUES.items() for value in bad])
def test_a_value_that_is_none_is_refused_at_its_element(tag: str, value: str) -> None:
    assert list(refused(a_sale({tag: value}))) == [element_path(tag)]


def test_a_wrong_date_is_answered_with_how_to_write_one() -> None:
    assert refused(a_sale({f"{ABOUT}/DocumentDate": "30/01/2014"})) == {
        "/Sale/Header/Document/DocumentDate": "is not a date: use YYYY-MM-DD, e.g. 2014-01-30"
    }


@pytest.mark.parametrize("kind", ["0", "1", "2", "3", "4"])
def test_days_are_taken_with_pay_term_1_and_2_only(kind: str) -> None:
    body = a_sale({f"{HEADER}/PayTerm": {"PayTermType": kind, "PayTermDays": "14"}})
    if kind in {"1", "2"}:
        assert as_json(accepted(body).document)["document"]["pay_term"] == {"type": int(kind), "days": 14}
    else:
        assert list(refused(body)) == ["/Sale/Header/PayTerm/PayTermDays"]


@pytest.mark.parametrize("kind", ["0", "1", "2", "3", "4"])
def test_a_due_date_is_taken_with_pay_term_0_only(kind: str) -> None:
    body = a_sale({f"{HEADER}/PayTerm": {"PayTermType": kind}, f"{HEADER}/DateDue": "2026-03-01"})
    if kind == "0":
        assert as_json(accepted(body).document)["document"]["date_due"] == "2026-03-01"
    else:
        assert list(refused(body)) == ["/Sale/Header/DateDue"]


def test_days_and_a_due_date_need_a_pay_term_type() -> None:
    body = a_sale({f"{HEADER}/PayTerm": {"PayTermDays": "14"}, f"{HEADER}/DateDue": "2026-03-01"})
    assert list(refused(body)) == ["/Sale/Header/PayTerm/PayTermDays", "/Sale/Header/DateDue"]


def test_an_unknown_pay_term_type_is_the_only_fault_named() -> None:
    body = a_sale({f"{HEADER}/PayTerm": {"PayTermType": "9", "PayTermDays": "14"}, f"{HEADER}/DateDue": "2026-03-01"})
    assert list(refused(body)) == ["/Sale/Header/PayTerm/PayTermType"]


@pytest.mark.parametrize(
    ("kind", "missing"), [("0", "DateDue"), ("1", "PayTerm/PayTermDays"), ("2", "PayTerm/PayTermDays")]
)
def test_a_pay_term_that_does_not_tell_when_to_pay_is_flagged(kind: str, missing: str) -> None:
    message = accepted(a_sale({f"{HEADER}/PayTerm": {"PayTermType": kind}}))
    assert [warning.path for warning in message.warnings] == [f"/Sale/Header/{missing}"]


@pytest.mark.parametrize("kind", ["charge", "discount"])
def test_an_adjustment_in_percent_is_at_most_100(kind: str) -> None:
    fits = {f"{ADJUSTMENT}/PctOrAmount": "pct", f"{ADJUSTMENT}/TypeID": kind, f"{ADJUSTMENT}/Amount": "100"}
    assert accepted(a_sale(fits))
    assert list(refused(a_sale({**fits, f"{ADJUSTMENT}/Amount": "100.01"}))) == [
        "/Sale/Adjustments/Adjustment[1]/Amount"
    ]
    assert accepted(a_sale({**fits, f"{ADJUSTMENT}/PctOrAmount": "amount", f"{ADJUSTMENT}/Amount": "100.01"}))


@pytest.mark.parametrize("name", ["ItemCode", "ItemBarCode", "ItemName"])
def test_a_line_says_what_it_is_by_any_of_its_names(name: str) -> None:
    line = {"Item": {name: "007"}, "Qty": "1", "Price": "1"}
    assert accepted(a_sale({"LineItems/LineItem": [line], "Totals": None}))


def test_a_line_may_be_free_text() -> None:
    assert accepted(a_sale({"LineItems/LineItem": [{"Description": "Work", "Qty": "1", "Price": "1"}], "Totals": None}))


def test_a_line_that_says_nothing_is_refused() -> None:
    lines = [EVERY_TAG["LineItems"]["LineItem"][0], {"Qty": "1", "Price": "1"}]
    assert list(refused(a_sale({"LineItems/LineItem": lines}))) == ["/Sale/LineItems/LineItem[2]/Item"]


@pytest.mark.parametrize("lines", [None, {}, {"LineItem": ""}])
def test_a_document_has_at_least_one_line(lines: Any) -> None:
    assert list(refused(a_sale({"LineItems": lines}))) == ["/Sale/LineItems/LineItem"]


def test_numbers_may_be_written_as_xml_schema_writes_decimals() -> None:
    written = {
        f"{LINE}/Qty": "+10",
        f"{LINE}/Price": "4.5",
        f"{LINE}/LineDiscount": "5.",
        "ShippingCharge/Amount": ".50",
    }
    document = as_json(accepted(a_sale(written)).document)["document"]
    assert (document["lines"][0]["quantity"], document["lines"][0]["discount"]) == ("10", "5")
    assert document["shipping_charge"] == "0.50"


@pytest.mark.parametrize(
    ("tag", "address"),
    [
        ("DocumentURI", "javascript:alert(1)"),
        ("DocumentURI", "www.supplier.example/1"),
        ("DocumentURI", "file:///etc/passwd"),
        ("DocumentURI", "https://"),
        ("DocumentURI", "https://a.example/" + "a" * 2048),
        ("PDF", "https://a.example/my file.pdf"),
        ("PDF", "data:application/pdf;base64,AAAA"),
    ],
)
def test_a_link_that_is_no_web_address_is_left_out_with_a_warning(tag: str, address: str) -> None:
    message = accepted(a_sale({f"{ABOUT}/ExternalLink/{tag}": address}))
    assert [(each.path, each.code) for each in message.warnings] == [
        (f"/Sale/{ABOUT}/ExternalLink/{tag}", "value_ignored")
    ]
    assert ("pdf" if tag == "PDF" else "document") not in as_json(message.document)["links"]
