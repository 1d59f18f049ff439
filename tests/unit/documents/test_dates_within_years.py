"""Dates beyond the years that the ledger reads are refused where they are required, else left out with a warning."""

from __future__ import annotations

import json

import pytest

from contracts.values import YEARS
from documents.parsed import Parsed
from tests.unit.documents import test_ubl_leniency as ubl
from tests.unit.documents.messages import JSON_FORM, a_sale, read

OUTSIDE = [f"{YEARS[0] - 1}-12-31", f"{YEARS[-1] + 1}-01-01", "9999-12-31", "0001-01-01"]
INSIDE = [f"{YEARS[0]}-01-01", f"{YEARS[-1]}-12-31"]
SAID = f"is not within the years {YEARS[0]} to {YEARS[-1]}: use YYYY-MM-DD, e.g. 2014-01-30"


def an_invoice(*, issued: str = "2026-05-01", due: str = "2026-06-01") -> bytes:
    dates = f"<cbc:IssueDate>{issued}</cbc:IssueDate><cbc:DueDate>{due}</cbc:DueDate>"
    return ubl.an_invoice(ubl.a_line("1.00"), head=f"<cbc:ID>L-1</cbc:ID>{dates}")


@pytest.mark.parametrize("day", OUTSIDE)
def test_an_optional_date_of_ubl_is_left_out_with_a_warning(day: str) -> None:
    parsed = read(an_invoice(due=day))
    assert isinstance(parsed, Parsed)
    assert parsed.document.date_due is None
    warnings = {warning.path: warning for warning in parsed.warnings}
    assert warnings["/Invoice/cbc:DueDate"].code == "value_ignored"
    assert warnings["/Invoice/cbc:DueDate"].message == f"{SAID}; it was left out"


@pytest.mark.parametrize("day", OUTSIDE)
def test_a_required_date_is_refused(day: str) -> None:
    faults = [
        read(an_invoice(issued=day)),
        read(a_sale({"Header/Document/DocumentDate": day})),
        read(json.dumps(JSON_FORM | {"document": JSON_FORM["document"] | {"document_date": day}}).encode(),
             content_type="application/json"),
    ]  # fmt: skip
    for found in faults:
        assert isinstance(found, list)
        assert [fault.message for fault in found] == [SAID]


@pytest.mark.parametrize("day", INSIDE)
def test_the_first_and_the_last_day_are_read(day: str) -> None:
    parsed = read(an_invoice(issued=day, due=day))
    assert isinstance(parsed, Parsed)
    assert (str(parsed.document.document_date), str(parsed.document.date_due)) == (day, day)
