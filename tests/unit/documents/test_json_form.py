"""The JSON form: the same document, unknown fields refused by name, numbers exact."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.primitives.problem import ERRORS_MAX
from contracts.resources.sale_line import LINES_MAX
from documents.command_form import as_json
from documents.document import InboxKind
from documents.parsed import Parsed
from tests.support.work import calls_made
from tests.unit.documents.messages import JSON_FORM, a_sale, accepted, refused, sample, texts, with_changes

JSON = "application/json"


def a_document(changes: dict[str, Any] | None = None) -> bytes:
    return json.dumps(with_changes(JSON_FORM, changes or {})).encode()


def taken(changes: dict[str, Any] | None = None, *, box: InboxKind = "purchases") -> Parsed:
    return accepted(a_document(changes), box=box, content_type=JSON)


def faults(changes: dict[str, Any], *, box: InboxKind = "purchases") -> dict[str, str]:
    return refused(a_document(changes), box=box, content_type=JSON)


def test_the_json_form_equals_the_xml() -> None:
    assert taken().document == accepted(a_sale()).document


def test_the_sample_order_is_read() -> None:
    document = as_json(accepted(sample("orders/order.json"), box="sales", content_type=JSON).document)
    assert document == json.loads(sample("orders/order.json")) | {
        "document": json.loads(sample("orders/order.json"))["document"]
    }


@pytest.mark.parametrize("name", ["direct/full.xml", "direct/due_date.xml", "orders/connect.xml", "ubl/invoice.xml"])
def test_what_is_published_is_a_json_form_that_reads_back_the_same(name: str) -> None:
    box: InboxKind = "sales" if name.startswith("orders") else "purchases"
    document = accepted(sample(name), box=box).document
    assert accepted(json.dumps(as_json(document)).encode(), box=box, content_type=JSON).document == document


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("colour", "colour"),
        ("document/colour", "document.colour"),
        ("document/supplier/vat_number", "document.supplier.vat_number"),
        ("document/client/collector_id", "document.client.collector_id"),
        ("document/client/address/zip", "document.client.address.zip"),
        ("document/lines/1/product_id", "document.lines[1].product_id"),
        ("document/adjustments/0/tax", "document.adjustments[0].tax"),
        ("document/pay_term/kind", "document.pay_term.kind"),
        ("document/links", "document.links"),
        ("links/html", "links.html"),
        ("auto_processing/pay", "auto_processing.pay"),
    ],
)
@pytest.mark.parametrize("value", ["x", 1, {"a": 1}])
def test_unknown_fields_are_refused_by_name(path: str, named: str, value: Any) -> None:
    assert list(faults({path: value})) == [named]


def test_an_unknown_field_is_refused_also_when_it_is_null() -> None:
    body = a_document().replace(b'"include_tax": false', b'"include_tax": false, "colour": null')
    assert list(refused(body, content_type=JSON)) == ["document.colour"]


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("document", None, "document"),
        ("document", [], "document"),
        ("document/document_date", "2026-02-30", "document.document_date"),
        ("document/document_date", 20260130, "document.document_date"),
        ("document/document_date", None, "document.document_date"),
        ("document/document_ref", 7, "document.document_ref"),
        ("document/document_ref", "", "document.document_ref"),
        ("document/document_ref", "x" * 101, "document.document_ref"),
        ("document/supplier", None, "document.supplier.name"),
        ("document/supplier/name", " ", "document.supplier.name"),
        ("document/supplier", "Sel", "document.supplier"),
        ("document/sale_type", "invoice", "document.sale_type"),
        ("document/operation", 1, "document.operation"),
        ("document/currency", "EURO", "document.currency"),
        ("document/currency", None, "document.currency"),
        ("document/tax_basis", 3, "document.tax_basis"),
        ("document/include_tax", "false", "document.include_tax"),
        ("document/pay_term/type", 5, "document.pay_term.type"),
        ("document/pay_term/days", -1, "document.pay_term.days"),
        ("document/pay_term/days", 3651, "document.pay_term.days"),
        ("document/pay_term/type", 0, "document.pay_term"),
        ("document/date_due", "2026-03-01", "document.date_due"),
        ("document/deposit", "-1", "document.deposit"),
        ("document/payment_method", 7, "document.payment_method"),
        ("document/payment_method", "barter", "document.payment_method"),
        ("document/shipping_type", 4, "document.shipping_type"),
        ("document/lines", [], "document.lines"),
        ("document/lines", {}, "document.lines"),
        ("document/lines/1", "x", "document.lines[1]"),
        ("document/lines/1/name", None, "document.lines[1]"),
        ("document/lines/0/quantity", None, "document.lines[0].quantity"),
        ("document/lines/0/quantity", "two", "document.lines[0].quantity"),
        ("document/lines/0/quantity", True, "document.lines[0].quantity"),
        ("document/lines/0/unit_price", 10**30, "document.lines[0].unit_price"),
        ("document/lines/0/discount", 100.01, "document.lines[0].discount"),
        ("document/lines/0/item_code", 7, "document.lines[0].item_code"),
        ("document/adjustments/0/type", "gift", "document.adjustments[0].type"),
        ("document/adjustments/0/amount", "one", "document.adjustments[0].amount"),
        ("document/gross_amount", "1e2", "document.gross_amount"),
        ("links/pdf", 1, "links.pdf"),
        ("comment", "x" * 10_001, "comment"),
        ("comment", ["x"], "comment"),
        ("document/comment", "again", "document.comment"),
        ("auto_processing", "yes", "auto_processing"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(path: str, value: Any, named: str) -> None:
    assert list(faults({path: value})) == [named]


def test_an_adjustment_in_percent_is_at_most_100() -> None:
    assert list(faults({"document/adjustments/0/mode": "pct", "document/adjustments/0/amount": "101"})) == [
        "document.adjustments[0]"
    ]


def test_all_faults_are_reported_at_once() -> None:
    changes = {
        "document/document_date": "today",
        "document/supplier": None,
        "document/lines/0/quantity": "x",
        "document/lines/1/unit_price": None,
        "document/colour": "blue",
        "extra": 1,
        "links/pdf": 1,
    }
    assert set(faults(changes)) == {
        "document.document_date",
        "document.supplier.name",
        "document.lines[0].quantity",
        "document.lines[1].unit_price",
        "document.colour",
        "extra",
        "links.pdf",
    }


def test_a_great_many_faults_are_cut_with_a_count_of_the_rest() -> None:
    reported = faults({"document/lines": [{"name": "x", "quantity": "1"}] * 1_000})
    assert len(reported) == ERRORS_MAX
    assert reported[""] == f"has {1_001 - ERRORS_MAX} more faults"


def test_messages_say_what_to_send() -> None:
    assert faults({"document/document_ref": 7, "document/supplier/name": None, "document/lines/0/color": "x"}) == {
        "document.document_ref": "must be text in quotes",
        "document.supplier.name": "is required",
        "document.lines[0].color": "is not a field of this object: leave it out",
    }


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('"12.10"', "12.10"),
        ("12.10", "12.10"),
        ("12", "12"),
        ("0.1", "0.1"),
        ("1234567890.12345678", "1234567890.12345678"),
        ("-0.00000001", "-0.00000001"),
        ("1e2", "100"),
        ('"-3"', "-3"),
    ],
)
def test_numbers_are_read_exactly_from_their_text(written: str, kept: str) -> None:
    body = a_document({"document/lines/0/unit_price": "PRICE"}).replace(b'"PRICE"', written.encode())
    assert as_json(accepted(body, content_type=JSON).document)["document"]["lines"][0]["unit_price"] == kept


@pytest.mark.parametrize("number", ["1e999999999", "1e-999999999", "-1e30", "9" * 5_000, "0." + "9" * 5_000])
def test_numbers_out_of_bounds_are_refused(number: str) -> None:
    body = a_document({"document/lines/0/unit_price": "PRICE"}).replace(b'"PRICE"', number.encode())
    assert list(refused(body, content_type=JSON)) == ["document.lines[0].unit_price"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_of_json_is_refused(number: str) -> None:
    body = a_document({"document/lines/0/unit_price": "PRICE"}).replace(b'"PRICE"', number.encode())
    assert refused(body, content_type=JSON) == {"": f"is not JSON: it has {number}, which is not a number of JSON"}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nul", b"[]", b'"x"', b"1", b"null", b"\xff", b'{"document": {}, "document": {}}', b"<Sale/>",
     '{"document": {}}'.encode("utf-16")],
)  # fmt: skip
def test_what_is_no_object_of_json_is_one_fault_of_the_whole(body: bytes) -> None:
    assert list(refused(body, content_type=JSON)) == [""]


def test_a_byte_order_mark_is_skipped() -> None:
    assert accepted(b"\xef\xbb\xbf" + a_document(), content_type=JSON)


@pytest.mark.parametrize("text", ["\u0000", "a\u0007b", "\ud800", "\uffff"])
def test_characters_that_cannot_be_kept_are_refused(text: str) -> None:
    assert list(faults({"comment": text})) == ["comment"]


def test_the_name_of_an_unknown_field_is_said_back_in_legal_characters_only() -> None:
    (named, *_) = faults({"\ud800\u0000" + "x" * 200: 1})
    assert named == "\ufffd\ufffd" + "x" * 98


COSTLY = {
    "nested": b"[" * 1_000_000,
    "nested and closed": b"[" * 500_000 + b"]" * 500_000,
    "nested objects": b'{"document":' * 80_000,
    "many lines": b'{"document":{"lines":[' + b"{}," * 300_000 + b"{}]}}",
    "as many lines as go": b'{"document":{"lines":[' + b'{"a":1},' * (LINES_MAX - 1) + b"{}]}}",
    "many fields": b'{"document":{' + b",".join(b'"%x":1' % index for index in range(90_000)) + b"}}",
    "a long number": b'{"document":{"deposit":' + b"9" * 1_000_000 + b"}}",
    "a long fraction": b'{"document":{"deposit":0.' + b"9" * 1_000_000 + b"}}",
    "a long text": b'{"document":{"document_ref":"' + b"\\u0000" * 170_000 + b'"}}',
}


@pytest.mark.timeout(30)  # half a second is usual; a hang inside one call is not counted
@pytest.mark.parametrize("kind", COSTLY)
def test_a_mebibyte_of_anything_costs_bounded_work(kind: str) -> None:
    faults: dict[str, str] = {}
    calls = calls_made(lambda: faults.update(refused(COSTLY[kind], content_type=JSON)))
    assert 0 < len(faults) <= ERRORS_MAX
    assert calls < 3_000_000  # measured: at most 540,000


@pytest.mark.parametrize(("depth", "message"), [(31, "is not a field"), (33, "is nested more than 32 levels deep")])
def test_depth_is_bounded(depth: int, message: str) -> None:
    body = b'{"x":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"
    assert any(text.startswith(message) for text in refused(body, content_type=JSON).values())


def test_a_comment_may_stand_in_the_document() -> None:
    assert taken({"comment": None, "document/comment": "inside"}).document.comment == "inside"


def test_a_due_date_alone_means_pay_term_0() -> None:
    document = as_json(taken({"document/pay_term": None, "document/date_due": "2026-03-01"}).document)["document"]
    assert (document["pay_term"], document["date_due"]) == ({"type": 0}, "2026-03-01")


@pytest.mark.parametrize(("sent", "kept"), [("bank", 1), ("not_defined", 0), (6, 6)])
def test_a_payment_method_is_a_number_or_its_name(sent: Any, kept: int) -> None:
    assert taken({"document/payment_method": sent}).document.payment_method == kept


def test_an_order_needs_its_client_and_is_an_order_unless_it_says_otherwise() -> None:
    assert list(faults({"document/client": None}, box="sales")) == ["document.client.name"]
    assert (
        taken({"document/sale_type": None, "document/supplier": None}, box="sales").document.sale_type == "sales_order"
    )
    assert taken({"document/sale_type": None}).document.sale_type == "sales_invoice"


def test_a_person_is_named_by_first_and_last_name() -> None:
    client = {"first_name": "Leo", "last_name": "Martin", "type": "person"}
    document = taken({"document/client": client}, box="sales").document
    assert document.client is not None
    assert document.client.name == "Leo Martin"


def test_a_total_that_does_not_add_up_is_flagged_with_its_path() -> None:
    message = taken({"document/lines/0/total": "42.77", "document/net_amount": None})
    assert texts(message) == ["document.lines[0].total is 42.77, but quantity, price and discount make 42.75"]


def test_a_null_or_empty_field_is_absent() -> None:
    body = a_document().replace(b'"operation": "sell_goods"', b'"operation": null, "external_id": "  "')
    document = accepted(body, content_type=JSON).document
    assert (document.operation, document.external_id) == (None, None)
