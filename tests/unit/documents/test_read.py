"""The door: content types, root elements, and that nothing but the declared outcomes ever comes out."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.primitives.problem import FieldError
from documents.command_form import as_json, identity
from documents.content import content_digest
from documents.document import InboxKind
from documents.parsed import Parsed
from documents.parser import UnsupportedContentType, is_xml
from documents.xml_answer import problem_xml
from tests.unit.documents.messages import SAMPLES, accepted, read, refused, sample

TOKENS = st.sampled_from(
    [b"<Sale>", b"</Sale>", b"<Header>", b"</Header>", b"<LineItems>", b"</LineItems>", b"<LineItem>", b"</LineItem>",
     b"<Qty>1</Qty>", b"<Currency>EUR</Currency>", b"<?xml version='1.0'?>", b"<![CDATA[", b"]]>", b"<!--", b"-->",
     b"<!DOCTYPE a>", b"&amp;", b"&#x10FFFF;", b"\xef\xbb\xbf", b"\xff\xfe", b"{", b"}", b'"document":', b"[", b"]",
     b",", b'"lines"', b":", b"1e5", b"NaN", b'"\\ud800"',
     b"<a xmlns='x'/>", b"<p:a xmlns:p='y' p:b='1'/>", b" ", b"\x00"]
)  # fmt: skip
ANYTHING = st.one_of(
    st.binary(max_size=400),
    st.lists(st.one_of(TOKENS, st.binary(max_size=4)), max_size=40).map(b"".join),
)
TYPES = st.sampled_from(
    ["application/xml", "text/xml; charset=utf-8", "text/xml; charset=utf-16le", "text/xml;charset=koi8-r",
     "application/json"]
)  # fmt: skip


@st.composite
def damaged_samples(draw: st.DrawFn) -> bytes:
    """A real message with some bytes replaced, cut out or put in."""
    path = draw(st.sampled_from(sorted(each for each in SAMPLES.rglob("*") if each.is_file())))
    body = path.read_bytes()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(body)))
        cut = draw(st.integers(0, 30))
        body = body[:at] + draw(st.one_of(TOKENS, st.binary(max_size=8))) + body[at + cut :]
    return body


def check(body: bytes, content_type: str, box: InboxKind) -> None:
    answer = read(body, content_type=content_type, box=box)
    if isinstance(answer, Parsed):
        assert len(content_digest(body, content_type)) == 32
        assert identity(answer.document)[1]
        assert as_json(answer.document)["document"]["lines"]
        return
    assert answer
    assert all(isinstance(fault, FieldError) and fault.message for fault in answer)
    # whatever is said about it must be sayable
    assert problem_xml({"errors": [{"path": fault.path, "message": fault.message} for fault in answer]})
    assert "".join(fault.path + fault.message for fault in answer).encode()


@settings(max_examples=400, deadline=None)
@given(ANYTHING, TYPES, st.sampled_from(["purchases", "sales"]))
@example(b"", "application/json", "purchases")
@example("<Sale>\ud800</Sale>".encode("utf-16-le", "surrogatepass"), "text/xml; charset=utf-16le", "purchases")
def test_any_bytes_end_in_a_document_or_in_faults(body: bytes, content_type: str, box: InboxKind) -> None:
    check(body, content_type, box)


@settings(max_examples=400, deadline=None)
@given(damaged_samples(), TYPES, st.sampled_from(["purchases", "sales"]))
def test_any_damage_to_a_message_ends_in_a_document_or_in_faults(
    body: bytes, content_type: str, box: InboxKind
) -> None:
    check(body, content_type, box)


@pytest.mark.parametrize("content_type", ["application/xml", "text/xml", "TEXT/XML", "application/xml;charset=UTF-8"])
def test_xml_is_detected_by_its_content_type(content_type: str) -> None:
    assert accepted(sample("direct/minimal.xml"), content_type=content_type)
    assert is_xml(content_type)


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_detected_by_its_content_type(content_type: str) -> None:
    assert accepted(sample("orders/order.json"), box="sales", content_type=content_type)
    assert not is_xml(content_type)


@pytest.mark.parametrize(
    "content_type",
    ["", ";", "text/plain", "text/html", "application/octet-stream", "application/xhtml+xml", "multipart/form-data",
     "application/x-www-form-urlencoded", "application/jsonp", "*/*", "x" * 10_000],
)  # fmt: skip
def test_any_other_content_type_is_unsupported(content_type: str) -> None:
    with pytest.raises(UnsupportedContentType):
        read(sample("direct/minimal.xml"), content_type=content_type)
    assert not is_xml(content_type)


@pytest.mark.parametrize(
    "body",
    [
        b"<Order/>",
        b"<sale/>",
        b"<Invoice/>",
        b'<Invoice xmlns="urn:x"/>',
        b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"/>',
    ],
)
def test_an_unknown_root_element_is_named(body: bytes) -> None:
    ((path, message),) = refused(body).items()
    assert path == "/"
    assert message.startswith(f"has the root element {body[1:].split(b' ')[0].rstrip(b'/>').decode()}: ")
