"""What a corrected form changes of a received document, and what it leaves to the sender."""

from __future__ import annotations

from typing import Any

from console.inbox_corrections import changes_of, texts_of

DOCUMENT: dict[str, Any] = {
    "document_ref": "A-17", "document_date": "2026-03-01", "currency": "EUR", "gross_amount": "50.00",
    "supplier": {"name": "Paper and Pens", "reg_number": "123"},
    "lines": [
        {"description": "Paper", "quantity": "10", "unit_price": "4.20", "total": "42.00", "unit": "box"},
        {"description": "Pens", "quantity": "2", "unit_price": "4.00"},
    ],
}  # fmt: skip


def changed(**fields: str) -> dict[str, Any]:
    form = texts_of("purchases", DOCUMENT) | {f"document.{name}": text for name, text in fields.items()}
    return changes_of("purchases", DOCUMENT, form)


def test_a_form_as_it_was_read_changes_nothing() -> None:
    assert changed() == {}


def test_a_corrected_name_keeps_what_else_is_known_of_the_sender() -> None:
    assert changed(**{"supplier.name": "Pens OÜ"}) == {"supplier": {"name": "Pens OÜ", "reg_number": "123"}}


def test_an_emptied_field_is_removed_and_a_due_date_is_a_term() -> None:
    assert changed(currency="") == {"currency": None}
    assert changed(date_due="2026-04-01") == {"date_due": "2026-04-01", "pay_term": {"type": 0}}


def test_a_corrected_line_keeps_its_unit_and_ends_the_stated_totals() -> None:
    found = changed(**{"lines[0].quantity": "11,5"})
    assert found["lines"] == [
        {"description": "Paper", "quantity": "11.5", "unit_price": "4.20", "unit": "box"}, DOCUMENT["lines"][1],
    ]  # fmt: skip
    assert found["gross_amount"] is None


def test_a_line_is_added_and_an_emptied_one_removed() -> None:
    added = changed(**{"lines[2].description": "Ink", "lines[2].quantity": "1", "lines[2].unit_price": "9"})
    assert added["lines"][2] == {"description": "Ink", "quantity": "1", "unit_price": "9"}
    emptied = changed(**{f"lines[0].{name}": "" for name in ("description", "quantity", "unit_price")})
    assert emptied["lines"] == [DOCUMENT["lines"][1]]
