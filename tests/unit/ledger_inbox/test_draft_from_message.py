"""What an order says becomes a draft: what fits is taken, what does not is noted or reported with its path."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contracts.command_errors import InvalidInput
from contracts.resources.inbox_message import AcceptSaleIn
from ledger.inbox.countries import country_code
from ledger.inbox.document import read
from ledger.inbox.draft_from_message import Mapped, mapped

ORDER: dict[str, Any] = {
    "document_date": "2026-03-02",
    "document_ref": "WEB-1",
    "client": {"name": "Leo Martin", "email": "leo@customer.example"},
    "sale_type": "sales_order",
    "currency": "EUR",
    "lines": [{"item_code": "MUG-1", "description": "Mug", "quantity": "2", "unit_price": "12.10"}],
}


def draft(comment: str | None = None, /, ctx: dict[str, Any] | None = None, **fields: Any) -> Mapped:
    document = read({name: value for name, value in (ORDER | fields).items() if value is not None}, None)
    return mapped(document, comment, AcceptSaleIn.model_validate(ctx or {}))


def a_line(**fields: Any) -> dict[str, Any]:
    return {"description": "Mug", "quantity": "2", "unit_price": "12.10"} | fields


def a_client(**fields: Any) -> dict[str, Any]:
    return {"name": "Leo Martin"} | fields


def faults(**fields: Any) -> list[str]:
    with pytest.raises(InvalidInput) as refusal:
        draft(**fields)
    return sorted(fault.path for fault in refusal.value.faults)


def test_what_fits_is_taken_as_it_is() -> None:
    made = draft(
        "Gift",
        include_tax=True,
        operation="sell_goods",
        tax_basis=2,
        payment_method=3,
        shipping_type=1,
        shipping_charge="3.50",
        deposit="5",
        adjustments=[{"type": "discount", "mode": "pct", "amount": "10", "description": "Loyal"}],
        lines=[a_line(tax_rate="21", tax_category="S", discount="5", unit="pcs", item_code="MUG-1")],
    )
    sale = made.sale
    assert (sale.sale_type, sale.currency, sale.include_tax, sale.issue) == ("sales_order", "EUR", True, False)
    assert (sale.operation, sale.tax_basis, sale.payment_method, sale.shipping_type) == ("sell_goods", 2, 3, 1)
    assert (sale.shipping_charge, sale.deposit, sale.comment) == (Decimal("3.50"), Decimal(5), "Gift")
    assert (sale.adjustments[0].amount, sale.adjustments[0].description) == (Decimal(10), "Loyal")
    line = sale.lines[0]
    assert (line.item_code, line.description, line.unit, line.tax_category) == ("MUG-1", "Mug", "pcs", "S")
    assert (line.quantity, line.unit_price, line.discount, line.tax_rate) == (
        Decimal(2), Decimal("12.10"), Decimal(5), Decimal(21),
    )  # fmt: skip
    assert sale.client is not None
    assert (sale.client.name, sale.client.email) == ("Leo Martin", "leo@customer.example")
    assert made.notes == ()


def test_the_orders_reference_is_the_external_id_where_it_gives_none() -> None:
    assert (draft().sale.external_id, draft().implied_id) == ("WEB-1", True)
    given = draft(external_id="shop-1")
    assert (given.sale.external_id, given.implied_id) == ("shop-1", False)


def test_an_acceptance_may_say_otherwise() -> None:
    client_id = "0198f7c4-1a00-7d10-8a51-0c2d3e4f5a6b"
    sale = draft(ctx={"client_id": client_id, "sale_type": "sales_invoice", "issue": True, "comment": "x"}).sale
    assert (str(sale.client_id), sale.client, sale.sale_type, sale.issue, sale.comment) == (
        client_id, None, "sales_invoice", True, "x",
    )  # fmt: skip


def test_mended_fields_stand_instead_of_the_messages_own() -> None:
    document = read(ORDER, {"currency": "USD", "external_id": "mended", "client": None})
    assert (document.currency, document.external_id, document.client) == ("USD", "mended", None)
    with pytest.raises(InvalidInput) as refusal:
        read(ORDER, {"currency": "EURO", "lines": [{"quantity": "NaN"}], "colour": "blue"})
    assert sorted(fault.path for fault in refusal.value.faults) == [
        "document.colour", "document.currency", "document.lines[0].quantity", "document.lines[0].unit_price",
    ]  # fmt: skip


@pytest.mark.parametrize("lines", [1, "x", {"a": 1}, [1], [[]], [None]])
def test_whatever_is_mended_is_read_or_refused(lines: Any) -> None:
    with pytest.raises(InvalidInput):
        read(ORDER, {"lines": lines})


@pytest.mark.parametrize(
    ("said", "code"),
    [("LV", "LV"), ("lv", "LV"), ("Latvija", "LV"), ("LVA", "LV"), ("United Kingdom", "GB"), ("UK", "GB"),
     (" France ", "FR"), ("Deutschland", "DE"), ("EL", "GR"), ("Narnia", None), ("", None)],
)  # fmt: skip
def test_a_country_is_known_by_code_or_name(said: str, code: str | None) -> None:
    assert country_code(said) == code


def test_a_country_that_is_none_stands_in_the_region() -> None:
    made = draft(client=a_client(address={"city": "Cair Paravel", "country": "Narnia"}))
    assert made.sale.client is not None
    address = made.sale.client.address
    assert address is not None
    assert (address.city, address.region, address.country) == ("Cair Paravel", "Narnia", None)
    assert made.notes[0]["path"] == "document.client.address.country"


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "leo at home"), ("phone", "1" * 101), ("locale", "French"), ("currency", "Euro"),
     ("address", {"street": "s" * 201})],
)  # fmt: skip
def test_what_does_not_fit_a_client_is_left_out_and_noted(field: str, value: Any) -> None:
    made = draft(client=a_client(**{field: value}))
    assert made.sale.client is not None
    assert getattr(made.sale.client, field) is None
    assert made.notes[0]["path"].startswith(f"document.client.{field}")


def test_what_identifies_a_client_must_fit() -> None:
    assert faults(client=a_client(reg_number="1" * 101)) == ["document.client.reg_number"]
    assert faults(client=a_client(name="n" * 201)) == ["document.client.name"]
    assert faults(client={"email": "leo@customer.example"}) == ["document.client.name"]
    assert faults(client=None) == ["document.client.name"]


def test_a_tax_named_by_its_percent_is_a_rate_and_one_in_words_is_none() -> None:
    lines = [a_line(tax_name="21%"), a_line(tax_name="5.5"), a_line(tax_name="Reduced"), a_line(tax_name="300%")]
    made = draft(lines=lines)
    assert [line.tax_rate for line in made.sale.lines] == [Decimal(21), Decimal("5.5"), None, None]


@pytest.mark.parametrize(
    ("line", "description"),
    [
        ({"name": "Mug", "description": "Blue"}, "Mug\nBlue"),
        ({"name": "Mug", "description": "Mug"}, "Mug"),
        ({"name": "Mug", "description": None}, "Mug"),
        ({"description": None, "item_code": "M", "barcode": "4750"}, None),
        ({"description": None, "barcode": "4750"}, "4750"),
    ],
)
def test_a_line_says_what_the_message_says_of_it(line: dict[str, Any], description: str | None) -> None:
    assert draft(lines=[a_line(**line)]).sale.lines[0].description == description


def test_a_pay_term_that_does_not_tell_when_leaves_it_to_the_client() -> None:
    for term in ({"type": 1}, {"type": 0}):
        made = draft(pay_term=term)
        assert made.sale.pay_term is None
        assert made.notes[0]["path"] == "document.pay_term"
    assert draft(pay_term={"type": 0}, date_due="2026-03-20").sale.pay_term is not None


def test_another_place_to_ship_to_stands_in_the_comment() -> None:
    made = draft("Gift", ship_to={"name": "Ana", "address": {"street": "Rua 1", "city": "Porto"}})
    assert made.sale.comment == "Gift\nShip to: Ana, Rua 1, Porto"


def test_what_a_draft_cannot_be_is_reported_with_its_path_in_the_message() -> None:
    assert faults(shipping_charge="-1") == ["document.shipping_charge"]
    assert faults(lines=[]) == ["document.lines"]
    assert faults(lines=[a_line(description=None)]) == ["document.lines[0]"]


def test_returns_within_an_order_stay_lines_below_0() -> None:
    made = draft(lines=[a_line(), a_line(quantity="-1"), a_line(unit_price="-2")])
    assert [(line.quantity, line.unit_price) for line in made.sale.lines[1:]] == [
        (Decimal(-1), Decimal("12.10")),
        (Decimal(2), Decimal(-2)),
    ]
