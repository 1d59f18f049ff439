"""Whole `<Sale>` messages: the samples, many faults at once, extras, repetitions, and Connect's orders."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.primitives.problem import ERRORS_MAX
from contracts.resources.sale_line import LINES_MAX
from documents.command_form import as_json
from documents.parsed import WARNINGS_MAX
from tests.unit.documents.messages import EVERY_TAG, a_sale, accepted, refused, sample, texts

CONNECT: dict[str, Any] = {
    "Header": {
        "Document": {
            "DocumentDate": "2026-03-02",
            "DocumentRef": "WEB-1",
            "Client": {
                "ClientName": "Aya Ozola",
                "ClientRegNumber": "01234567890",
                "ClientTaxNumber": "LV01234567890",
                "ClientEmail": "aya@customer.example",
                "BillingAddress": {"Address": "Brīvības 1", "City": "Rīga", "Zip": "01010", "Country": "LV"},
                "IsCompany": "true",
            },
        },
        "Total": "27.70",
        "Taxes": "4.81",
        "Currency": "EUR",
        "IncludeTax": "true",
        "Comment": "Leave at the door",
        "ShippingData": {
            "ShippingAddress": {"ShipTo": "Office", "Address": "Tērbatas 2", "Zip": "1011", "Country": "LV"}
        },
    },
    "LineItems": {
        "LineItem": [
            {
                "Item": {"ItemCode": "MUG-1", "ItemBarCode": "00123", "ItemName": "Mug"},
                "Qty": "2",
                "Price": "12.10",
                "TaxKey": {"TaxKeyID": "77", "TaxKeyName": "21%"},
            }
        ]
    },
    "ShippingCharge": {"Amount": "3.50", "TaxKey": {"TaxKeyID": "77"}},
    "AutoProcessing": {
        "Process": "true",
        "Approve": "true",
        "Send": "false",
        "AddPayment": {"MoneyAccountID": "0042", "DatePaid": "2026-03-02"},
    },
}


@pytest.mark.parametrize("name", ["full", "minimal", "due_date"])
def test_the_samples_are_taken_without_a_warning(name: str) -> None:
    assert accepted(sample(f"direct/{name}.xml")).warnings == ()


def test_all_faults_of_a_message_are_reported_at_once() -> None:
    assert set(refused(sample("direct/refused.xml"))) == {
        "/Sale/Header/Document/DocumentDate",
        "/Sale/Header/SaleType",
        "/Sale/Header/Currency",
        "/Sale/Header/PayTerm/PayTermDays",
        "/Sale/LineItems/LineItem[1]/Qty",
    }


def test_an_empty_sale_is_refused_with_everything_it_lacks() -> None:
    assert set(refused(b"<Sale/>")) == {
        "/Sale/Header/Document/DocumentDate",
        "/Sale/Header/Document/DocumentRef",
        "/Sale/Header/Document/SupplierData/SupplierName",
        "/Sale/Header/SaleType",
        "/Sale/Header/Currency",
        "/Sale/LineItems/LineItem",
    }


def test_faults_of_repeated_elements_are_counted_from_1() -> None:
    body = a_sale({"LineItems/LineItem/1/Qty": "many", "Adjustments/Adjustment/0/TypeID": "gift"})
    assert list(refused(body)) == ["/Sale/LineItems/LineItem[2]/Qty", "/Sale/Adjustments/Adjustment[1]/TypeID"]


def test_empty_lines_are_left_out_but_counted() -> None:
    line = EVERY_TAG["LineItems"]["LineItem"][0]
    assert list(refused(a_sale({"LineItems/LineItem": ["", line, {**line, "Qty": "x"}]}))) == [
        "/Sale/LineItems/LineItem[3]/Qty"
    ]


def test_a_great_many_faults_are_cut_with_a_count_of_the_rest() -> None:
    faults = refused(a_sale({"LineItems/LineItem": [{"Description": "x", "Qty": "1"}] * 1_000}))
    assert len(faults) == ERRORS_MAX
    assert faults["/"] == f"has {1_001 - ERRORS_MAX} more faults"


def test_a_great_many_unknown_elements_are_cut_with_a_count_of_the_rest() -> None:
    message = accepted(a_sale({f"Extra{index}": "x" for index in range(1_000)}))
    assert len(message.warnings) == WARNINGS_MAX
    assert message.warnings[-1].message == "has 901 more warnings"


def test_more_lines_than_the_ledger_takes_are_refused() -> None:
    line = {"Description": "x", "Qty": "1", "Price": "1"}
    assert accepted(a_sale({"LineItems/LineItem": [line] * LINES_MAX}))
    assert list(refused(a_sale({"LineItems/LineItem": [line] * (LINES_MAX + 1)}))) == ["/Sale/LineItems/LineItem"]


def test_unknown_elements_are_flagged_and_not_refused() -> None:
    message = accepted(a_sale({"Header/Colour": "blue", "LineItems/LineItem/1/Serial": {"No": "1"}, "Extra": ""}))
    assert texts(message) == [
        "/Sale/Header/Colour is not an element known here and was not read",
        "/Sale/LineItems/LineItem[2]/Serial is not an element known here and was not read",
    ]


@pytest.mark.parametrize(
    "path", ["Header/Currency", "Header/Document/DocumentRef", "LineItems/LineItem/0/Qty", "ShippingCharge/Amount"]
)
def test_a_value_that_is_there_twice_is_refused(path: str) -> None:
    ((place, message),) = refused(a_sale({path: ["1", "2"]})).items()
    assert place == "/Sale/" + path.replace("/0/", "[1]/")
    assert message == "is there 2 times: once is allowed"


def test_a_group_that_is_there_twice_is_refused() -> None:
    body = a_sale({"Header/PayTerm": [{"PayTermType": "3"}, {"PayTermType": "4"}]})
    assert refused(body) == {"/Sale/Header/PayTerm": "is there 2 times: once is allowed"}


def test_an_empty_repetition_does_not_count() -> None:
    assert accepted(a_sale({"Header/Currency": ["", "EUR"], "Totals": ["", EVERY_TAG["Totals"]]}))


def test_text_where_elements_belong_is_refused() -> None:
    assert refused(a_sale({"Header/PayTerm": "14 days"})) == {
        "/Sale/Header/PayTerm": "has text where elements are expected"
    }


def test_elements_where_a_value_belongs_are_refused() -> None:
    assert refused(a_sale({"LineItems/LineItem/0/Qty": {"b": "2"}})) == {
        "/Sale/LineItems/LineItem[1]/Qty": "has elements where a value is expected"
    }


def test_text_beside_elements_is_flagged() -> None:
    message = accepted(a_sale({"LineItems/#text": "two lines follow"}))
    assert texts(message) == ["/Sale/LineItems has text beside its elements, which was not read"]


def test_attributes_comments_and_instructions_do_not_matter() -> None:
    plain = sample("direct/full.xml")
    dressed = plain.replace(b"<Qty>10</Qty>", b'<?x y?><Qty unit="a"><!-- ten -->1<![CDATA[0]]></Qty>')
    assert accepted(dressed).document == accepted(plain).document


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<Sale>", b'<Sale xmlns="urn:x-paytraq" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'),
        (b"<Sale>", b'<Sale version="1.0">'),
    ],
)
def test_a_namespace_or_version_on_the_root_is_tolerated(before: bytes, after: bytes) -> None:
    plain = sample("direct/full.xml")
    assert accepted(plain.replace(before, after)).document == accepted(plain).document


def test_a_prefixed_root_is_a_sale_too() -> None:
    text = sample("direct/minimal.xml").decode().replace("<", "<p:").replace("<p:/", "</p:")
    assert accepted(text.replace("<p:Sale>", '<p:Sale xmlns:p="urn:x">').encode()).document == (
        accepted(sample("direct/minimal.xml")).document
    )


def test_a_supplier_with_numbers_keeps_them() -> None:
    added = {
        "SupplierName": "S",
        "SupplierRegNumber": "0400",
        "SupplierTaxNumber": "LV0400",
        "SupplierEmail": "s@s.example",
    }
    document = as_json(accepted(a_sale({"Header/Document/SupplierData": added})).document)["document"]
    assert document["supplier"] == {"name": "S", "reg_number": "0400", "tax_number": "LV0400", "email": "s@s.example"}


def test_an_order_of_paytraq_connect_is_read_whole() -> None:
    message = accepted(a_sale(of=CONNECT), box="sales")
    assert message.warnings == ()
    assert as_json(message.document) == {
        "document": {
            "document_date": "2026-03-02",
            "document_ref": "WEB-1",
            "client": {
                "name": "Aya Ozola",
                "type": "company",
                "email": "aya@customer.example",
                "reg_number": "01234567890",
                "vat_number": "LV01234567890",
                "address": {"street": "Brīvības 1", "city": "Rīga", "postal_code": "01010", "country": "LV"},
            },
            "ship_to": {
                "name": "Office",
                "address": {"street": "Tērbatas 2", "postal_code": "1011", "country": "LV"},
            },
            "sale_type": "sales_order",
            "currency": "EUR",
            "include_tax": True,
            "lines": [
                {
                    "item_code": "MUG-1",
                    "barcode": "00123",
                    "name": "Mug",
                    "quantity": "2",
                    "unit_price": "12.10",
                    "tax_rate": "21",
                    "tax_name": "21%",
                    "tax_key": "77",
                }
            ],
            "shipping_charge": "3.50",
            "shipping_tax_key": "77",
            "gross_amount": "27.70",
            "net_amount": "22.89",
        },
        "comment": "Leave at the door",
        "auto_processing": {
            "process": True,
            "approve": True,
            "send": False,
            "payment": {"money_account_id": "0042", "date_paid": "2026-03-02"},
        },
    }


def test_the_sample_order_is_taken_without_a_warning() -> None:
    assert accepted(sample("orders/connect.xml"), box="sales").warnings == ()


def test_an_order_needs_its_client_and_a_bill_its_supplier() -> None:
    assert list(refused(a_sale({"Header/Document/Client/ClientName": None}, of=CONNECT), box="sales")) == [
        "/Sale/Header/Document/Client/ClientName"
    ]
    assert list(refused(a_sale({"Header/SaleType": "sales_order"}, of=CONNECT))) == [
        "/Sale/Header/Document/SupplierData/SupplierName"
    ]


def test_an_order_may_name_its_client_as_direct_does() -> None:
    changes = {
        "Header/Document/Client": None,
        "Header/Document/ClientData": {"ClientName": "Aya", "ClientEmail": "a@b"},
    }
    document = as_json(accepted(a_sale(changes, of=CONNECT), box="sales").document)["document"]
    assert document["client"] == {"name": "Aya", "email": "a@b"}


@pytest.mark.parametrize(
    ("sent", "rate"), [("21%", "21"), ("21", "21"), ("5.5 %", "5.5"), ("PVN 21", None), ("150%", None), ("-5%", None)]
)
@pytest.mark.parametrize("plain", [True, False])
def test_a_tax_is_given_by_rate_or_name(sent: str, rate: str | None, *, plain: bool) -> None:
    tax: Any = sent if plain else {"TaxKeyName": sent}
    document = as_json(accepted(a_sale({"LineItems/LineItem/0/TaxKey": tax})).document)["document"]
    assert document["lines"][0]["tax_name"] == sent
    assert document["lines"][0].get("tax_rate") == rate


@pytest.mark.parametrize("place", ["", "Header/", "Header/Document/"])
@pytest.mark.parametrize("flag", ["true", "false"])
def test_auto_processing_may_be_one_flag_in_any_of_its_places(place: str, flag: str) -> None:
    body = a_sale({"AutoProcessing": None, f"{place}AutoProcessing": flag}, of=CONNECT)
    assert as_json(accepted(body, box="sales").document)["auto_processing"] == {
        "process": flag == "true",
        "approve": False,
        "send": False,
    }


def test_a_total_without_tax_makes_gross_from_its_taxes() -> None:
    body = a_sale({"Header/IncludeTax": "false", "Header/Total": "27.70"}, of=CONNECT)
    document = as_json(accepted(body, box="sales").document)["document"]
    assert (document["net_amount"], document["gross_amount"]) == ("27.70", "32.51")


def test_a_total_that_does_not_add_up_is_flagged_where_it_stands() -> None:
    message = accepted(a_sale({"Header/Total": "28.00"}, of=CONNECT), box="sales")
    assert texts(message) == ["/Sale/Header/Total is 28.00, but lines, adjustments and shipping make 27.70"]


def test_a_purchase_may_carry_what_connect_adds() -> None:
    body = a_sale(
        {
            "Header/Document/ClientData": {"ClientName": "B", "ClientEmail": "b@b.example"},
            "LineItems/LineItem/0/TaxKey": {"TaxKeyName": "Reduced"},
        }
    )
    assert accepted(body).warnings == ()
