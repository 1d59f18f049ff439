"""The JSON form of a read document, and the keys by which it resembles another: pure functions.

`as_json` is the form in the command, the same that a JSON sender sends.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from documents.document import BESIDE_DOCUMENT, InboxDocument


def as_json(document: InboxDocument) -> dict[str, Any]:
    """Return `{"document": {...}, "links": {...}, "comment": ..., "auto_processing": {...}}`, serializable as JSON.

    Numbers are decimal strings with their scale, dates ISO 8601; what is absent is left out.
    """
    return _nested(_plain(document))


def identity(document: InboxDocument) -> tuple[str, str]:
    """(supplier, document_ref): the key of documents that resemble one another within a channel.

    The supplier is its registration number when there is one, else its name, both without regard to capitals and
    spaces; "" when there is none, as in an order, where the channel alone stands for the sender.
    """
    supplier = document.supplier
    if supplier is None:
        return "", document.document_ref
    return _supplier_key(supplier.reg_number, supplier.name), document.document_ref


def reference(document: InboxDocument) -> tuple[str, str]:
    """(supplier or client, document_ref): the key of documents that resemble one another over all channels.

    Two shops may number their orders alike; the client distinguishes them.
    """
    party, number = identity(document)
    if not party and document.client is not None:
        party = f"client:{_folded(document.client.name or '')}"
    return party, number


def reference_in(form: Mapping[str, Any]) -> tuple[str, str]:
    """Return what `reference` gives, of a document in its JSON form (`as_json`'s `document`)."""
    supplier, client, number = form.get("supplier"), form.get("client"), str(form.get("document_ref", ""))
    if supplier is not None:
        return _supplier_key(supplier.get("reg_number"), supplier["name"]), number
    return (f"client:{_folded(client.get('name') or '')}" if client is not None else ""), number


def _supplier_key(reg_number: str | None, name: str) -> str:
    return f"reg:{_folded(reg_number).replace(' ', '')}" if reg_number else f"name:{_folded(name)}"


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    beside = {name: flat.pop(name) for name in BESIDE_DOCUMENT if name in flat}
    return {"document": flat, **beside}


@cache
def _names(kind: type) -> Sequence[str]:
    return tuple(each.name for each in fields(kind))


def _plain(record: object) -> dict[str, Any]:
    """Turn a dataclass into dicts, lists, text, whole numbers and flags; None and () are left out."""
    plain: dict[str, Any] = {}
    for name in _names(type(record)):  # type: ignore[arg-type]  # mypy takes type[object] for unhashable
        match getattr(record, name):
            case None | ():
                continue
            case bool() | int() | str() as value:
                plain[name] = value
            case Decimal() as value:
                plain[name] = f"{value:f}"
            case date() as value:
                plain[name] = value.isoformat()
            case tuple() as several:
                plain[name] = [_plain(each) for each in several]
            case inner:
                plain[name] = _plain(inner)
    return plain
