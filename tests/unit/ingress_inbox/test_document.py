"""What a document travels as, and by what two sendings of it are recognised."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
import xmltodict

from ingress.inbox.document import InboxDocument, as_json, content_digest, identity
from tests.unit.ingress_inbox.messages import EVERY_TAG, a_sale, accepted, sample, with_changes

LINE = "LineItems/LineItem/0"


def a_document(changes: dict[str, Any] | None = None) -> InboxDocument:
    return accepted(a_sale(changes)).document


def test_what_travels_is_plain_json() -> None:
    travelling = as_json(a_document())
    assert json.loads(orjson.dumps(travelling)) == travelling


@pytest.mark.parametrize(
    "changes",
    [
        {f"{LINE}/Price": "4.5"},
        {f"{LINE}/Price": "004.500"},
        {f"{LINE}/Qty": "+10.00"},
        {"Header/Comment": " Thank you &\n    see you   again\t"},
        {"Header/Document/SupplierData/SupplierName": " Ziemeļu  Papīrs SIA"},
        {"Header/Operation": ["sell_goods", ""]},
        {"Header/DateDue": ""},
    ],
)
def test_how_it_is_written_does_not_change_the_content(changes: dict[str, Any]) -> None:
    assert content_digest(a_document(changes)) == content_digest(a_document())


def test_indentation_does_not_change_the_content() -> None:
    indented = xmltodict.unparse({"Sale": EVERY_TAG}, pretty=True, indent="      ").encode()
    assert content_digest(accepted(indented).document) == content_digest(a_document())


@pytest.mark.parametrize(
    "changes",
    [
        {f"{LINE}/Price": "4.51"},
        {f"{LINE}/Item/ItemCode": "7"},
        {"Header/Document/DocumentRef": "INV-1002"},
        {"Header/Document/DocumentDate": "2026-01-31"},
        {"Header/Comment": "Thank you & see You again"},
        {"Header/IncludeTax": "true"},
        {"Header/Document/ExternalLink/PDF": None},
        {"LineItems/LineItem": EVERY_TAG["LineItems"]["LineItem"][::-1]},
        {f"{LINE}/LineDiscount": None},
    ],
)
def test_what_it_says_changes_the_content(changes: dict[str, Any]) -> None:
    assert content_digest(a_document(changes)) != content_digest(a_document())


def test_the_digest_is_stable_over_releases() -> None:
    # stored beside every message: if this changes, duplicates sent across an upgrade are no longer recognised
    assert content_digest(accepted(sample("direct/full.xml")).document).hex() == (
        "c242798ddc88a71668998cc57f7752fcad2ae1c869786f20fb1b573ed1baa937"
    )


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
