"""What a person corrects of a received document before accepting it: the form's fields, and what they change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from console.forms import Field, as_object, as_texts
from console.i18n import N_

PARTY_OF: Final = {"purchases": "supplier", "sales": "client"}  # who sent what arrives in the box
LINE_FIELDS: Final = (
    Field("description", N_("Description")), Field("quantity", N_("Quantity"), "decimal"),
    Field("unit_price", N_("Price"), "decimal"), Field("tax_rate", N_("Tax %"), "decimal"),
)  # fmt: skip
LINES_MAX: Final = 100  # offered for correction; a longer document keeps its further lines as they were sent
_STATED: Final = ("net_amount", "gross_amount", "payable_amount")  # of the lines as they were sent


def head_fields(box: str) -> tuple[Field, ...]:
    """The fields of the whole document, by their paths in the API's input."""
    return (
        Field(f"document.{PARTY_OF[box]}.name", N_("Sender")),
        Field("document.document_ref", N_("Number")),
        Field("document.document_date", N_("Date"), "date"),
        Field("document.date_due", N_("Due"), "date"),
        Field("document.currency", N_("Currency")),
    )


def line_fields(count: int) -> list[Field]:
    """The fields of the first `count` lines."""
    return [
        Field(f"document.lines[{number}].{one.name}", one.label, one.kind)
        for number in range(count)
        for one in LINE_FIELDS
    ]


def texts_of(box: str, document: Mapping[str, Any]) -> dict[str, str]:
    """The form as the document was read."""
    lines = min(len(document.get("lines") or ()), LINES_MAX)
    return as_texts([*head_fields(box), *line_fields(lines)], {"document": document})


def changes_of(box: str, document: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """The fields of the document that the form has otherwise than they were read, each whole; null removes one."""
    before = texts_of(box, document)
    heads = head_fields(box)
    changed = [one for one in heads if one.name in form and form[one.name].strip() != before.get(one.name, "")]
    found: dict[str, Any] = as_object(changed, form, keep_empty=True).get("document", {})
    party = PARTY_OF[box]
    if party in found:
        found[party] = dict(document.get(party) or {}) | found[party]
    if found.get("date_due"):
        found["pay_term"] = {"type": 0}  # the due date is that date
    lines = _lines(document, form, before)
    if lines is not None:
        found |= {"lines": lines, "taxes": []} | dict.fromkeys(_STATED)
    return found


def _lines(
    document: Mapping[str, Any], form: Mapping[str, str], before: Mapping[str, str]
) -> list[dict[str, Any]] | None:
    """All lines, if one of them was changed, added or emptied: a line without any text is removed."""
    sent: list[dict[str, Any]] = list(document.get("lines") or ())
    lines, is_changed = [], False
    for number in range(LINES_MAX):
        fields = line_fields(number + 1)[-len(LINE_FIELDS) :]
        old = sent[number] if number < len(sent) else {}
        if not any(one.name in form for one in fields):
            lines += sent[number : number + 1]
            continue
        same = all(form.get(one.name, "").strip() == before.get(one.name, "") for one in fields)
        is_changed = is_changed or not same
        if not any(form.get(one.name, "").strip() for one in fields):
            continue
        given = as_object(fields, form).get("document", {}).get("lines", [{}])[-1]
        kept = {name: value for name, value in old.items() if name not in {"total", *(one.name for one in LINE_FIELDS)}}
        lines.append(dict(old) if same else kept | given)
    return [*lines, *sent[LINES_MAX:]] if is_changed else None
