"""The usual fields of a document that is pushed into an inbox, for the forms of consoles and apps.

The inbox takes more of them (contract.md, inbox message) and reads them itself: this describes, and refuses nothing.
"""

from __future__ import annotations

from typing import Any, Final

_AMOUNT: Final = {"type": "string", "description": "decimal text, such as 42.00"}
_DATE: Final = {"type": "string", "format": "date"}
_TEXT: Final = {"type": "string"}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": True, "properties": properties}


PUSHED_DOCUMENT: Final = _object(
    document_ref={"type": "string", "description": "the sender's own number of the document"},
    document_date=_DATE,
    date_due=_DATE,
    supplier={
        **_object(name=_TEXT, reg_number=_TEXT, tax_number=_TEXT),
        "description": "who sells; a document for the purchase inbox names it",
    },
    client={
        **_object(name=_TEXT, email=_TEXT, phone=_TEXT, reg_number=_TEXT, external_id=_TEXT),
        "description": "who buys; a document for the sales inbox names it",
    },
    sale_type=_TEXT,
    currency=_TEXT,
    lines={
        "type": "array",
        "items": _object(
            item_code=_TEXT, description=_TEXT, quantity=_AMOUNT, unit_price=_AMOUNT, tax_rate=_AMOUNT, unit=_TEXT
        ),
    },
    net_amount=_AMOUNT,
    gross_amount=_AMOUNT,
) | {"description": "the document's fields, as the inbox takes them"}  # fmt: skip
"""JSON Schema, without `$defs`."""
