"""By what a message is recognised when it comes again: every byte that a sender wrote, or canonical XML."""

from __future__ import annotations

from xml.etree.ElementTree import canonicalize
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.content import content_digest
from tests.unit.documents.messages import sample

XML = "application/xml"
JSON = "application/json"
INVOICE = '<?xml version="1.0"?><Sale a="1" b="2"><Note>Ü &lt; x</Note><Empty/></Sale>'


NAMES = st.sampled_from(["a", "b"])
TEXTS = st.text(alphabet='ab<>="!? ', max_size=4)
ATTRIBUTES = st.dictionaries(NAMES, TEXTS, max_size=2)


def element(name: str, attributes: dict[str, str], inner: list[str]) -> str:
    said = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{said}>{''.join(inner)}</{name}>"


TREES = st.recursive(
    TEXTS.map(escape), lambda inner: st.builds(element, NAMES, ATTRIBUTES, st.lists(inner, max_size=3)), max_leaves=6
).map(lambda inner: f"<r>{inner}</r>")


def canonical(text: str) -> str:
    return canonicalize(text, with_comments=True)


def digest(text: str, content_type: str = XML) -> bytes:
    return content_digest(text.encode(), content_type)


@pytest.mark.parametrize(
    "spelled",
    [
        INVOICE.removeprefix('<?xml version="1.0"?>'),
        "\n" + INVOICE.removeprefix('<?xml version="1.0"?>') + "\n",
        INVOICE.replace('a="1" b="2"', "b='2'   a='1'"),
        INVOICE.replace("<Empty/>", "<Empty></Empty>"),
        INVOICE.replace("Ü &lt; x", "<![CDATA[Ü < x]]>"),
        INVOICE.replace("Ü", "&#xDC;"),
    ],
)
def test_the_same_canonical_xml_is_the_same_content(spelled: str) -> None:
    assert digest(spelled) == digest(INVOICE)


def test_the_encoding_of_xml_does_not_matter() -> None:
    latin = INVOICE.replace("?>", ' encoding="iso-8859-1"?>').encode("iso-8859-1")
    assert content_digest(latin, XML) == digest(INVOICE)
    assert content_digest(INVOICE.encode("utf-16"), XML) == digest(INVOICE)
    assert content_digest(INVOICE.encode("iso-8859-1"), f"{XML}; charset=iso-8859-1") == digest(INVOICE)


@pytest.mark.parametrize(
    "changed",
    [
        INVOICE.replace("Ü", "U"),
        INVOICE.replace('a="1"', 'a="2"'),
        INVOICE.replace("<Empty/>", ""),
        INVOICE.replace("<Empty/>", "<Unknown/>"),
        INVOICE.replace("<Empty/>", "<Empty> </Empty>"),
        INVOICE.replace("<Empty/>", "<Empty/><!-- pay to another account -->"),
        INVOICE.replace("<Empty/>", "<Empty/><?pay elsewhere?>"),
        INVOICE.replace("<Sale", '<Sale xmlns="urn:other"'),
        INVOICE.replace("</Note>", "</Note>\n"),
    ],
)
def test_whatever_else_is_written_is_other_content(changed: str) -> None:
    assert digest(changed) != digest(INVOICE)


def test_json_is_compared_by_its_bytes() -> None:
    assert digest('{"a": 1}', JSON) == digest('{"a": 1}', JSON)
    assert digest('{"a":1}', JSON) != digest('{"a": 1}', JSON)


def test_a_namespace_declared_again_is_the_same_content() -> None:
    once = '<a xmlns="urn:a" xmlns:b="urn:b"><b:c/></a>'
    assert digest(once) == digest(once.replace("<b:c/>", '<b:c xmlns="urn:a" xmlns:b="urn:b"/>'))
    assert digest(once) != digest(once.replace("<b:c/>", '<b:c xmlns:b="urn:other"/>'))
    assert digest("<a><b/></a>") == digest('<a xmlns=""><b/></a>')


def test_what_follows_an_attribute_is_not_taken_for_one() -> None:
    assert digest('<p><n X="">></n></p>') != digest("<p><n>X</n></p>")


@given(TREES, TREES)
def test_two_documents_have_one_digest_exactly_when_their_canonical_xml_is_one(one: str, other: str) -> None:
    assert (digest(one) == digest(other)) == (canonical(one) == canonical(other))


def test_the_digest_is_stable_over_releases() -> None:
    # stored beside every message: if this changes, messages sent again after an upgrade are no longer recognised
    assert content_digest(sample("direct/full.xml"), XML).hex() == (
        "6132397292472b7e6bfc494671e2430152f597b86e6ca20afe5816e81b32bf7a"
    )


@given(st.binary(max_size=200), st.sampled_from([XML, JSON, "application/pdf", f"{XML}; charset=utf-16"]))
def test_any_bytes_have_a_digest(body: bytes, content_type: str) -> None:
    assert len(content_digest(body, content_type)) == 32
