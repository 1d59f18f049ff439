"""Hardened XML: from raw bytes to a tree of dicts, before any rule of a document is asked.

Two passes of expat over the same bytes with the same encoding. `inspect` builds nothing and refuses what could cost
memory or reach outside: any DOCTYPE (with it entities, in every encoding), more than 32 levels, more than 100,000
elements or 100 attributes of one, undecodable bytes. Only then `load` lets xmltodict build the tree; by itself it would
take a bare DOCTYPE and any depth. Both passes together take about 0.2 ms for an invoice of two lines.

What is read leniently: attributes and namespaces on the root, comments and processing instructions (skipped),
CDATA. Text stays text, stripped at its ends; an empty element is absent (`None` in the tree).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

import xmltodict

DEPTH_MAX: Final = 32
ATTRIBUTES_MAX: Final = 100  # of one element, and its namespaces; UBL has at most 8
PIECE_BYTES: Final = 64 * 1024
NAME_CHARS_MAX: Final = 1_000  # the parser repeats a namespace of any length in the name of every element
ELEMENTS_MAX: Final = 100_000  # an invoice of 5,000 lines with every tag has 65,000

_ENVELOPE_NAMESPACE: Final = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
_ENVELOPE: Final = f"{_ENVELOPE_NAMESPACE} StandardBusinessDocument"
_ENVELOPE_HEADER: Final = f"{_ENVELOPE_NAMESPACE} StandardBusinessDocumentHeader"

# Single bytes and Unicode only, a finite list: Python looks an encoding up by whatever name a sender makes up and
# remembers each miss forever.
_ENCODINGS: Final = re.compile(
    r"utf-?8|utf-?16(le|be)?|us-ascii|iso-8859-\d{1,2}|(windows-|cp)\d{3,4}|koi8-[ru]", re.ASCII | re.IGNORECASE
)

# what Python's own writers declare when asked for "utf8", and expat does not know
_DECLARES_UTF8: Final = re.compile(rb"""<\?xml[^<>]{1,60}encoding\s*=\s*["']utf8["']""", re.IGNORECASE)

Tree = dict[str, Any]
"""Element name to None (empty), text, Tree, or a list of these where the element is repeated."""


class XmlRefused(ValueError):
    """These bytes are no XML that we read; the message says why and, where it helps, at which line."""


@dataclass(frozen=True, slots=True)
class Root:
    """The document's outermost element: its namespace ("" for none) and its name without prefix.

    `enveloped` where it stands in a Standard Business Document, which is then left aside.
    """

    namespace: str
    name: str
    enveloped: bool = field(default=False, compare=False)


def inspect(body: bytes, *, charset: str | None) -> Root:
    """Refuse what must not be parsed and tell what kind of document it is.

    `charset` is the Content-Type's parameter. As RFC 7303 has it, a byte order mark counts before it, and it before
    the XML declaration (software that serialises to a string declares utf-16 and then sends UTF-8).

    Raises:
        XmlRefused: not well formed, not decodable, or beyond a limit.
    """
    guard = _Guard()
    # namespaces are resolved here too, so that an unbound prefix is refused before the tree is built
    parser = expat.ParserCreate(parser_encoding(body, charset), " ")
    parser.XmlDeclHandler = _check_declaration
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartNamespaceDeclHandler = guard.declare
    parser.StartElementHandler = guard.start
    parser.EndElementHandler = guard.end
    with _said_plainly():
        for piece in _pieces(body):
            parser.Parse(piece, False)  # noqa: FBT003  expat's own signature: more follows
        parser.Parse(b"", True)  # noqa: FBT003
    namespace, _, name = (guard.enveloped or guard.root).rpartition(" ")
    return Root(namespace, name, enveloped=bool(guard.enveloped))


def load(
    body: bytes,
    *,
    charset: str | None,
    namespaces: Mapping[str, str],
    repeatable: Collection[str],
    attributes: bool = False,
    inside: str | None = None,
) -> Tree:
    """Build the tree of what `inspect` let through; answers the root's content, or that of the element `inside` it.

    `namespaces` maps each URI to the prefix that names get here ("" for none), whatever prefix the sender chose.
    `repeatable` elements are always lists. With `attributes` an element that has some becomes a Tree with "@name"
    entries and its text under "#text"; without, attributes are skipped.

    Raises:
        XmlRefused: not well formed, in which case `inspect` would have said so.
    """
    with _said_plainly():
        tree: Tree = xmltodict.parse(
            _pieces(body),
            encoding=parser_encoding(body, charset),
            process_namespaces=True,
            namespaces=namespaces,
            force_list=repeatable,
            xml_attribs=attributes,
        )
    (content,) = tree.values()
    if inside is not None:
        content = content.get(inside)
    if isinstance(content, list):  # the root's own name may be among the repeatable ones
        if len(content) > 1:
            raise XmlRefused(f"has {len(content)} documents in one envelope: send them one by one")
        (content,) = content
    if isinstance(content, str):
        return {"#text": content}
    return content or {}


class _Guard:
    """Counts what passes; a class with two bound methods, because expat calls them for every element."""

    __slots__ = ("declared", "depth", "elements", "enveloped", "root")

    def __init__(self) -> None:
        self.depth = 0
        self.elements = 0
        self.root = ""
        self.enveloped = ""
        self.declared = 0

    def declare(self, _prefix: str | None, _uri: str | None) -> None:
        self.declared += 1
        if self.declared > ATTRIBUTES_MAX:
            raise XmlRefused(f"has an element with more than {ATTRIBUTES_MAX} namespaces")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(name) > NAME_CHARS_MAX or (attributes and max(map(len, attributes)) > NAME_CHARS_MAX):
            raise XmlRefused(f"has a name which, with its namespace, has more than {NAME_CHARS_MAX} characters")
        self.declared = 0
        if len(attributes) > ATTRIBUTES_MAX:
            raise XmlRefused(f"has an element with more than {ATTRIBUTES_MAX} attributes")
        if not self.elements:
            self.root = name
        elif self.depth == 1 and self.root == _ENVELOPE and name != _ENVELOPE_HEADER:
            self.enveloped = self.enveloped or name
        self.elements += 1
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise XmlRefused(f"is nested more than {DEPTH_MAX} levels deep")
        if self.elements > ELEMENTS_MAX:
            raise XmlRefused(f"has more than {ELEMENTS_MAX} elements")

    def end(self, _name: str) -> None:
        self.depth -= 1


def _pieces(body: bytes) -> Iterator[bytes]:
    """Cut the bytes up, so that a parser in a thread lets the others run between two pieces."""
    for start in range(0, len(body), PIECE_BYTES):
        yield body[start : start + PIECE_BYTES]


def parser_encoding(body: bytes, charset: str | None) -> str | None:
    """Tell which encoding counts; None leaves it to the XML declaration."""
    if body.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if charset == "utf8" or (not charset and _DECLARES_UTF8.match(body)):
        return "utf-8"
    if charset and not _ENCODINGS.fullmatch(charset):
        raise XmlRefused(f"is in the encoding {charset[:40]!r}, which is not read here: use UTF-8")
    return charset or None


def _check_declaration(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding and not _ENCODINGS.fullmatch(encoding):
        raise XmlRefused(f"declares the encoding {encoding[:40]!r}, which is not read here: use UTF-8")


def _refuse_doctype(*_declaration: object) -> None:
    raise XmlRefused("has a DOCTYPE, which is not read here: leave it out")


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except XmlRefused:
        raise
    except expat.ExpatError as error:
        what, line, column = expat.ErrorString(error.code), error.lineno, error.offset + 1
        raise XmlRefused(f"is not well-formed XML: {what} at line {line}, column {column}") from None
    except (LookupError, ValueError) as error:  # how expat's binding says that it has no such encoding
        raise XmlRefused(f"is in an encoding which is not read here ({error}): use UTF-8") from None
