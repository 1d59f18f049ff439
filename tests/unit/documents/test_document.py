"""What a document travels as, and which others it resembles."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from documents.command_form import as_json, identity
from documents.document import InboxDocument
from tests.unit.documents.messages import EVERY_TAG, JSON_FORM, a_sale, accepted, sample, with_changes


def a_document(changes: dict[str, Any] | None = None) -> InboxDocument:
    return accepted(a_sale(changes)).document


def test_what_travels_is_plain_json() -> None:
    travelling = as_json(a_document())
    assert json.loads(orjson.dumps(travelling)) == travelling


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ziemeļu Papīrs SIA", "ZIEMEĻU  PAPĪRS sia"),
        ("Straße GmbH", "STRASSE GmbH"),
        ("Caf\u00e9", "Cafe\u0301"),
        ("\uff21\uff22\uff23", "abc"),
    ],
)
def test_a_supplier_is_the_same_however_its_name_is_spelled(one: str, other: str) -> None:
    assert identity(named(one)) == identity(named(other))


def test_another_supplier_or_reference_is_another_identity() -> None:
    assert identity(named("Sel")) != identity(named("Sel & Fils"))
    assert identity(a_document({"Header/Document/DocumentRef": "inv-1001"})) != identity(a_document())


def test_a_registration_number_counts_more_than_the_name() -> None:
    assert identity(numbered("Sel", "LV 400")) == identity(numbered("Sel & Fils", "lv400"))
    assert identity(numbered("Sel", "400")) != identity(named("Sel"))
    assert identity(named("400")) != identity(numbered("Sel", "400"))


def test_an_order_is_known_by_its_reference_alone() -> None:
    assert identity(accepted(sample("orders/connect.xml"), box="sales").document) == ("", "WEB-000421")


def named(name: str) -> InboxDocument:
    return a_document({"Header/Document/SupplierData": {"SupplierName": name}})


def numbered(name: str, reg_number: str) -> InboxDocument:
    return a_document({"Header/Document/SupplierData": {"SupplierName": name, "SupplierRegNumber": reg_number}})


def test_the_example_is_left_as_it_was() -> None:
    assert with_changes(EVERY_TAG, {}) == EVERY_TAG


def test_a_suppliers_json_without_a_type_is_a_sales_invoice() -> None:
    message = {
        **JSON_FORM,
        "document": {name: value for name, value in JSON_FORM["document"].items() if name != "sale_type"},
    }
    parsed = accepted(json.dumps(message).encode(), content_type="application/json")
    assert parsed.document.sale_type == "sales_invoice"
