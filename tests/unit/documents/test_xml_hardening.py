"""Bytes that mean harm, or that are no XML: each is a plain fault, soon and with bounded memory."""

from __future__ import annotations

import codecs
import tracemalloc

import pytest

from documents import xml
from documents.parser import JSON_BYTES_MAX, SAID_BYTES_MAX, XML_BYTES_MAX, BodyTooLarge, read_document
from tests.support.work import calls_made
from tests.unit.documents.messages import a_sale, accepted, read, refused, sample

BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE Sale [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><Sale>&i;</Sale>"
)
EXTERNAL_ENTITY = '<!DOCTYPE Sale [<!ENTITY x SYSTEM "file:///etc/passwd">]><Sale>&x;</Sale>'
DOCTYPES = {
    "bare": "<!DOCTYPE Sale><Sale/>",
    "billion laughs": BILLION_LAUGHS,
    "external entity": EXTERNAL_ENTITY,
    "external subset": '<!DOCTYPE Sale SYSTEM "http://evil.example/x.dtd"><Sale/>',
    "public": '<!DOCTYPE Sale PUBLIC "-//X" "http://evil.example/x.dtd"><Sale/>',
    "parameter entity": '<!DOCTYPE Sale [<!ENTITY % p SYSTEM "http://evil.example/x.dtd">%p;]><Sale/>',
    "unfinished": "<!DOCTYPE Sale [",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16le", "utf-16be", "windows-1257"])
@pytest.mark.parametrize("kind", DOCTYPES)
def test_a_doctype_is_refused_in_every_encoding(kind: str, encoding: str) -> None:
    text = DOCTYPES[kind].removeprefix('<?xml version="1.0"?>')
    declared = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>{text}'
    assert refused(declared.encode(encoding)) == {"/": "has a DOCTYPE, which is not read here: leave it out"}


@pytest.mark.parametrize(("depth", "taken"), [(xml.DEPTH_MAX, True), (xml.DEPTH_MAX + 1, False), (200_000, False)])
def test_depth_is_bounded(depth: int, *, taken: bool) -> None:
    body = (b"<Sale>" * depth + b"</Sale>" * depth)[:JSON_BYTES_MAX]
    assert ("/" in refused(body)) is not taken
    if not taken:
        assert refused(body) == {"/": "is nested more than 32 levels deep"}


@pytest.mark.parametrize(("children", "taken"), [(xml.ELEMENTS_MAX - 1, True), (xml.ELEMENTS_MAX, False)])
def test_the_number_of_elements_is_bounded(children: int, *, taken: bool) -> None:
    assert ("/" in refused(b"<Sale>" + b"<a/>" * children + b"</Sale>")) is not taken


COSTLY = {
    "as many elements as go": b"<Sale>" + b"".join(b"<a%x/>" % index for index in range(99_000)) + b"</Sale>",
    "too many elements": b"<Sale>" + b"<a/>" * 250_000 + b"</Sale>",
    "lines": b"<Sale><LineItems>" + b"<LineItem>x</LineItem>" * 45_000 + b"</LineItems></Sale>",
    "nested": b"<Sale>" * 170_000,
    "attributes": b"<Sale " + b" ".join(b'a%d=""' % index for index in range(90_000)) + b"/>",
    "namespaces": b"<Sale " + b" ".join(b'xmlns:a%d="u"' % index for index in range(55_000)) + b"/>",
    "character references": b"<Sale>" + b"&#65;" * 200_000 + b"</Sale>",
    "comments": b"<Sale>" + b"<!---->" * 149_000 + b"</Sale>",
    "instructions": b"<Sale>" + b"<?a?>" * 209_000 + b"</Sale>",
    "CDATA": b"<Sale><Header><Comment>" + b"<![CDATA[a]]>" * 79_000 + b"</Comment></Header></Sale>",
    "one long text": b"<Sale><Header><Comment>" + b"\n" * 1_000_000 + b"</Comment></Header></Sale>",
    "one long name": b"<Sale><" + b"a" * 1_000_000 + b"/></Sale>",
    "an unfinished tag": b"<Sale><" + b"a" * 1_040_000,
}


@pytest.mark.slow
@pytest.mark.timeout(30)  # half a second is usual; a hang inside one call is not counted
@pytest.mark.parametrize("kind", COSTLY)
def test_a_mebibyte_of_anything_costs_bounded_work(kind: str) -> None:
    assert len(COSTLY[kind]) <= JSON_BYTES_MAX
    assert calls_made(lambda: read(COSTLY[kind])) < 3_000_000  # measured: at most 1,400,000


@pytest.mark.slow
def test_a_mebibyte_of_elements_costs_bounded_memory() -> None:
    tracemalloc.start()
    read(COSTLY["as many elements as go"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * 1024 * 1024


def test_a_body_over_the_limit_is_not_parsed_at_all() -> None:
    with pytest.raises(BodyTooLarge):
        read_document(b" " * (XML_BYTES_MAX + 1), content_type="text/xml", box="purchases")
    with pytest.raises(BodyTooLarge):
        read_document(b" " * (JSON_BYTES_MAX + 1), content_type="application/json", box="purchases")


def test_a_large_document_may_say_only_so_much_besides_its_attachments() -> None:
    line = {"Description": "x" * 9_000, "Qty": "1", "Price": "1"}
    assert refused(a_sale({"LineItems/LineItem": [line] * 300})) == {
        "/": f"says more than {SAID_BYTES_MAX} bytes besides its attachments"
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"\x00",
        b"<Sale>\x00</Sale>",
        b"<Sale>&#0;</Sale>",
        b"<Sale>&#x1F;</Sale>",
        b"<Sale>&nbsp;</Sale>",
        b"<Sale>&#xD800;</Sale>",
        b"<Sale>\xff\xfe</Sale>",
        b"<Sale>\xed\xa0\x80</Sale>",
        b"<Sale>",
        b"<Sale></Header>",
        b"<Sale/><Sale/>",
        b"<p:Sale/>",
        b'<Sale a="1" a="2"/>',
        b'<Sale xmlns="a b"/>',
        b'{"document": {}}',
        "<Sale/>".encode("utf-32"),
        codecs.BOM_UTF16_LE + b"<Sale/>",
    ],
)
def test_what_is_not_well_formed_is_one_fault_of_the_whole(body: bytes) -> None:
    ((path, message),) = refused(body).items()
    assert path == "/"
    assert message.startswith("is not well-formed XML: ")


def test_the_fault_shows_where_the_xml_breaks() -> None:
    assert refused(b"<Sale>\n  <Header></Sale>") == {"/": "is not well-formed XML: mismatched tag at line 2, column 13"}


@pytest.mark.parametrize(
    "encoding", ["utf-7", "hex", "idna", "rot13", "shift_jis", "nosuch", "undefined", "iso-8859-12", "cp037", "utf-32"]
)
@pytest.mark.parametrize("said_by", ["declaration", "content type"])
def test_an_encoding_that_is_not_read_is_refused(encoding: str, said_by: str) -> None:
    if said_by == "declaration":
        faults = refused(f'<?xml version="1.0" encoding="{encoding}"?><Sale/>'.encode())
    else:
        faults = refused(b"<Sale/>", content_type=f"text/xml; charset={encoding}")
    assert list(faults) == ["/"]
    assert "encoding" in faults["/"]


@pytest.mark.parametrize(
    ("declared", "actual"),
    [
        ("utf-16", "ascii"),
        ("us-ascii", "utf-8"),
        ("utf-8", "windows-1257"),
        ("utf-8", "iso-8859-1"),
    ],
)
def test_bytes_that_are_not_in_the_declared_encoding_are_refused(declared: str, actual: str) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?><Sale>{"" if actual == "ascii" else "Ü ü"}</Sale>'
    assert list(refused(text.encode(actual))) == ["/"]


@pytest.mark.parametrize(
    ("encoding", "declaration", "content_type"),
    [
        ("utf-8", '<?xml version="1.0"?>', "text/xml"),
        ("utf-8", '<?xml version="1.0" encoding="UTF-8"?>', "application/xml; charset=utf-8"),
        ("utf-8-sig", "", "text/xml"),
        ("utf-8-sig", '<?xml version="1.0" encoding="utf-16"?>', "text/xml"),
        ("utf-8", '<?xml version="1.0" encoding="utf-16"?>', 'text/xml; charset="UTF-8"'),
        ("utf-16", '<?xml version="1.0" encoding="utf-16"?>', "text/xml"),
        ("utf-16", "", "text/xml; charset=utf-8"),
        ("utf-16", '<?xml version="1.0" encoding="utf-8"?>', "text/xml"),
        ("utf-8", "", "text/xml; charset=utf8"),
        ("utf-8", "<?xml version='1.0' encoding='utf8'?>", "text/xml"),
        ("utf-16-le", '<?xml version="1.0" encoding="utf-16"?>', "text/xml"),
        ("utf-16-be", '<?xml version="1.0" encoding="utf-16be"?>', "text/xml"),
        ("windows-1257", '<?xml version="1.0" encoding="windows-1257"?>', "text/xml"),
        ("windows-1257", "", "text/xml; charset=windows-1257"),
        ("iso-8859-13", '<?xml version="1.0" encoding="ISO-8859-13"?>', "text/xml"),
    ],
)
def test_every_encoding_that_is_read_gives_the_same_document(
    encoding: str, declaration: str, content_type: str
) -> None:
    text = sample("direct/full.xml").decode().partition("?>")[2].lstrip()
    message = accepted((declaration + text).encode(encoding), content_type=content_type)
    assert message.document == accepted(sample("direct/full.xml")).document


def test_nothing_of_the_machine_comes_back() -> None:
    assert "root:" not in str(refused(EXTERNAL_ENTITY.encode()))


@pytest.mark.parametrize(("what", "named"), [('a%d=""', "attributes"), ('xmlns:a%d="u"', "namespaces")])
def test_attributes_and_namespaces_of_an_element_are_bounded(what: str, named: str) -> None:
    def an_element(many: int) -> bytes:
        return f"<Sale {' '.join(what % index for index in range(many))}/>".encode()

    assert "/" not in refused(an_element(xml.ATTRIBUTES_MAX))
    assert refused(an_element(xml.ATTRIBUTES_MAX + 1)) == {
        "/": f"has an element with more than {xml.ATTRIBUTES_MAX} {named}"
    }
