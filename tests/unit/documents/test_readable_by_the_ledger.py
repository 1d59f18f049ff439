"""Whatever the readers accept can be sent as a command and read by the ledger, with no digit lost on the way."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.wire.envelope import Envelope
from documents.document import InboxKind
from documents.parsed import Parsed
from documents.received import of_document
from ledger.inbox import document as documents
from ledger.inbox import message as rules
from tests.unit.documents import test_ubl_leniency as ubl
from tests.unit.documents.messages import EVERY_TAG, JSON_FORM, a_sale, read

pytestmark = pytest.mark.slow

SAYABLE = st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="<>&\ufffe\uffff")
TEXTS = st.one_of(st.text(SAYABLE, max_size=40), st.just("n" * 12_000), st.just("\u0440" * 250), st.just(""))
NUMBERS = st.one_of(
    st.decimals(-(10**12), 10**12, places=2).map(lambda value: f"{value:f}"),
    st.decimals(-1, 1, places=25).map(lambda value: f"{value:f}"),
    st.sampled_from(["0", "-0", "+1", ".5", "5.", "1e5", "NaN", "", "0.1" + "0" * 70 + "1", "9" * 15, "9" * 16, "1,5"]),
)
DAYS = st.sampled_from(
    ["2026-05-01", "2026-05-01Z", "2026-05-01T10:00:00+02:00", "2199-12-31", "2200-01-01", "9999-12-31", "1900-01-01",
     "1899-12-31", "0001-01-01", "soon", ""]
)  # fmt: skip


@st.composite
def ubl_changes(draw: st.DrawFn) -> str:
    percent = f"<cbc:MultiplierFactorNumeric>{draw(NUMBERS)}</cbc:MultiplierFactorNumeric>"
    base = ubl.amount("BaseAmount", draw(NUMBERS))
    more = draw(st.sampled_from(["", percent, percent + base]))
    return ubl.change(draw(NUMBERS), indicator=draw(st.sampled_from(["true", "false", "1", "0", ""])), more=more)


@st.composite
def ubl_lines(draw: st.DrawFn) -> str:
    name, description = draw(TEXTS), draw(TEXTS)
    return ubl.a_line(
        draw(st.none() | NUMBERS),
        quantity=draw(st.none() | NUMBERS),
        price=draw(st.none() | NUMBERS),
        changes="".join(draw(st.lists(ubl_changes(), max_size=2))),
        base=draw(st.just("") | NUMBERS.map(lambda value: f"<cbc:BaseQuantity>{value}</cbc:BaseQuantity>")),
        item=f"<cbc:Name>{name}</cbc:Name><cbc:Description>{description}</cbc:Description>",
    )


@st.composite
def invoices(draw: st.DrawFn) -> bytes:
    head = f"<cbc:ID>L-1</cbc:ID><cbc:IssueDate>{draw(DAYS)}</cbc:IssueDate><cbc:DueDate>{draw(DAYS)}</cbc:DueDate>"
    totals = ubl.amount("PrepaidAmount", draw(NUMBERS)) + ubl.amount("PayableRoundingAmount", draw(NUMBERS))
    legal = f"<cac:PartyLegalEntity><cbc:RegistrationName>{draw(TEXTS)}</cbc:RegistrationName></cac:PartyLegalEntity>"
    return ubl.an_invoice(
        *draw(st.lists(ubl_lines(), min_size=1, max_size=3)),
        head=head,
        net=draw(NUMBERS),
        gross=draw(NUMBERS),
        payable=draw(NUMBERS),
        totals=totals,
        supplier=draw(st.sampled_from([legal, ubl.SUPPLIER, ubl.PERSON])),
        buyer=draw(st.sampled_from([legal, ubl.BUYER, ""])),
        more=f"<cbc:Note>{draw(TEXTS)}</cbc:Note>{draw(ubl_changes())}",
    )


def places(tree: Any, path: str = "") -> list[str]:
    if isinstance(tree, dict):
        return [place for name, inner in tree.items() for place in places(inner, f"{path}/{name}" if path else name)]
    if isinstance(tree, list):
        return [place for index, inner in enumerate(tree) for place in places(inner, f"{path}/{index}")]
    return [path]


ODD: st.SearchStrategy[Any] = st.one_of(NUMBERS, TEXTS, DAYS)
JSON_ODD: st.SearchStrategy[Any] = st.one_of(ODD, st.none(), st.booleans(), st.integers(-(10**20), 10**20))


def check(body: bytes, content_type: str, box: InboxKind) -> None:
    """Send what was read as the command carries it, and read it as the ledger does."""
    parsed = read(body, box=box, content_type=content_type)
    if not isinstance(parsed, Parsed):
        assert parsed
        return
    pushed = of_document(body, content_type, parsed, b"d" * 32)
    data: dict[str, Any] = {"message_id": uuid4(), "box": box, "channel": None, "content_type": content_type, "raw": ""}
    data |= {"received_at": datetime.now(UTC), "warnings": pushed.warnings, **pushed.data}
    account_id = UUID("0198f7c4-1a00-7d10-8a51-0c2d3e4f5a6b")
    sent = Envelope(
        id=uuid4(), name="receive_inbox_message", account_id=account_id, correlation_id=uuid4(), data=data
    ).encode()
    message = rules.read(Envelope.decode(sent))
    document = documents.read(message.document, None)
    assert [line.unit_price for line in document.lines] == [line.unit_price for line in parsed.document.lines]
    for name in ("gross_amount", "net_amount", "prepaid_amount", "rounding_amount", "payable_amount"):
        assert getattr(document, name) == getattr(parsed.document, name)
    for line in document.lines:
        assert all(number.is_finite() for number in line.priced)
    assert all(adjustment.of_ours.amount >= Decimal(0) for adjustment in document.adjustments)


@settings(max_examples=300, deadline=None)
@given(invoices(), st.sampled_from(["purchases", "sales"]))
def test_of_ubl(body: bytes, box: InboxKind) -> None:
    check(body, "application/xml", box)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(places(EVERY_TAG)), ODD, max_size=3), st.sampled_from(["purchases", "sales"]))
def test_of_paytraq(changes: dict[str, Any], box: InboxKind) -> None:
    check(a_sale(changes), "text/xml", box)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(places(JSON_FORM)), JSON_ODD, max_size=3), st.sampled_from(["purchases", "sales"])
)
def test_of_json(changes: dict[str, Any], box: InboxKind) -> None:
    message = json.loads(json.dumps(JSON_FORM))
    for path, value in changes.items():
        *steps, last = path.split("/")
        place = message
        for step in steps:
            place = place[int(step)] if isinstance(place, list) else place[step]
        place[last] = value
    check(json.dumps(message).encode(), "application/json", box)
