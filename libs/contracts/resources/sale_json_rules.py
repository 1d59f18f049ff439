"""Rules between the fields of a sales document, as JSON schema says them.

The models check which references go with which kind; the ledger checks the rest, which it also computes with.
"""

from __future__ import annotations

from typing import Any, Final

from contracts.resources.document_kinds import KINDS, kinds_that
from contracts.resources.json_rules import all_of, given, only, where

ZERO: Final[dict[str, Any]] = {
    "anyOf": [{"type": "null"}, {"const": 0}, {"type": "string", "not": {"pattern": "[1-9]"}}]
}
"""Of an amount: none."""

_REFERS_AS_ITS_KIND_DOES: Final[dict[str, Any]] = all_of(
    where("sale_type", kinds_that("invoice"), {}, only(invoice_id=[None])),
    where("sale_type", kinds_that("payment"), {}, only(payment_id=[None])),
)

_CREDITS: Final = [kind for kind, about in KINDS.items() if about.role == "credit"]


def _of_term(*types: int) -> dict[str, Any]:
    term = {"type": "object", "required": ["type"], "properties": {"type": {"enum": list(types)}}}
    return {"required": ["pay_term"], "properties": {"pay_term": term}}


HOLDS_TOGETHER: Final[dict[str, Any]] = all_of(
    _REFERS_AS_ITS_KIND_DOES,
    where("sale_type", _CREDITS, {"properties": {"deposit": ZERO}}),
    {"if": _of_term(0), "then": given("date_due")},
    {"if": _of_term(1, 2, 3, 4), "then": only(date_due=[None])},
    {"if": _of_term(1), "then": {"properties": {"pay_term": given("days")}}},
)
"""References go by kind; a credit note takes no deposit; the due date is the pay term's, or with type 0 it is given."""
