"""An invoice written as UBL, as CII of XRechnung or as that of Factur-X, and read by our own inbox, is the same one.

What the formats have otherwise comes back as they have it: prices without tax, a sign in the quantity alone, charges
and discounts as amounts, one for each tax category.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.cii_writer import cii_of, write_cii
from documents.command_form import as_json
from documents.en16931.codes import category_of
from documents.en16931.from_sale import invoice_of
from documents.ubl_writer import write_ubl
from tests.support.ledger_documents import SELLER, sales
from tests.unit.documents.messages import accepted
from tests.unit.documents.test_en16931_rules import TAXES

pytestmark = pytest.mark.slow

Write = Callable[[dict[str, Any]], bytes]
WRITERS: dict[str, Write] = {
    "ubl": lambda sale: write_ubl(sale, SELLER),
    "xrechnung": lambda sale: write_cii(sale, SELLER),
    "facturx": lambda sale: cii_of(invoice_of(sale, SELLER, "facturx")),
}


@pytest.mark.parametrize("kind", list(WRITERS))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(sale=st.one_of(sales(taxes=TAXES), sales(taxes=st.just({}))))
def test_what_comes_back_is_the_same_invoice(kind: str, sale: dict[str, Any]) -> None:
    parsed = accepted(WRITERS[kind](sale))
    assert parsed.warnings == ()
    said = as_json(parsed.document)
    document = said["document"]
    for name in ("sale_type", "currency", "document_date"):
        assert document[name] == sale[name]
    assert document["document_ref"] == sale["number"]
    assert document.get("date_due") == sale["date_due"]
    assert said.get("comment") == sale["comment"]
    for stated, name in (("gross_amount", "total"), ("net_amount", "net")):
        assert Decimal(document[stated]) == Decimal(sale[name])
    assert Decimal(document["payable_amount"]) == Decimal(sale["total"]) - Decimal(sale["deposit"])
    assert Decimal(document.get("deposit", "0")) == Decimal(sale["deposit"])
    assert [line_as_read(line) for line in document["lines"]] == [line_as_kept(line) for line in sale["lines"]]
    assert changes_as_read(document) == changes_as_kept(sale)
    assert taxes_as_read(document) == taxes_as_kept(sale)
    assert party_as_read(document["client"]) == party_as_read(sale["client"])
    assert document["supplier"]["name"] == SELLER["name"]


def line_as_read(line: dict[str, Any]) -> tuple[Any, ...]:
    words = "\n".join(part for part in (line["name"], line.get("description")) if part)
    rate = line.get("tax_rate")
    return words, Decimal(line["total"]), line.get("item_code"), Decimal(rate or "0"), unit_of(line.get("unit"))


def line_as_kept(line: dict[str, Any]) -> tuple[Any, ...]:
    rate = Decimal(line["tax_rate"] or "0")
    return line["description"].strip(), Decimal(line["net"]), line["item_code"], rate, unit_of(line["unit"])


def unit_of(unit: str | None) -> str:
    return unit or "C62"


def changes_as_read(document: dict[str, Any]) -> Decimal:
    found = Decimal(document.get("shipping_charge", "0"))
    for one in document.get("adjustments", []):
        found += Decimal(one["amount"]) * (1 if one["type"] == "charge" else -1)
    return found


def changes_as_kept(sale: dict[str, Any]) -> Decimal:
    return Decimal(sale["net"]) - sum(Decimal(line["net"]) for line in sale["lines"])


def taxes_as_read(document: dict[str, Any]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for tax in document["taxes"]:
        found[tax["category"], Decimal(tax.get("rate", "0"))] += Decimal(tax["tax_amount"])  # type: ignore[assignment]
    return Counter({name: amount for name, amount in found.items() if amount})


def taxes_as_kept(sale: dict[str, Any]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for tax in sale["taxes"]:
        rate = Decimal(tax["rate"])
        found[category_of(tax["category"], rate)[0], rate] += Decimal(tax["tax"])  # type: ignore[assignment]
    return Counter({name: amount for name, amount in found.items() if amount})


def party_as_read(party: dict[str, Any]) -> tuple[Any, ...]:
    address = {name: value for name, value in (party.get("address") or {}).items() if value}
    return party["name"], party.get("reg_number"), party.get("email"), party.get("phone"), address
