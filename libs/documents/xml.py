"""Parse untrusted XML: from raw bytes to a tree of dicts, before any rule of a document is checked.

One pass of expat: what could cost memory or read other resources is refused on sight, any DOCTYPE (with it entities, in
every encoding), more than 32 levels, more than 100,000 elements or 100 attributes of one, undecodable bytes; the tree
is built as the rest passes. It takes about 0.5 ms for an invoice of five lines in UBL.

What is read leniently: attributes and namespaces on the root, comments and processing instructions (skipped), CDATA.
Text stays text, stripped at its ends; an empty element is absent (`None` in the tree).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

DEPTH_MAX: Final = 32
ATTRIBUTES_MAX: Final = 100  # of one element, and its namespaces; UBL has at most 8
PIECE_BYTES: Final = 64 * 1024
NAME_CHARS_MAX: Final = 1_000  # the parser repeats a namespace of any length in the name of every element
ELEMENTS_MAX: Final = 100_000  # an invoice of 5,000 lines with every tag has 65,000

_LONG_NAME: Final = f"has a name which, with its namespace, has more than {NAME_CHARS_MAX} characters"
_ENVELOPE_NAMESPACE: Final = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
_ENVELOPE: Final = f"{_ENVELOPE_NAMESPACE} StandardBusinessDocument"
_ENVELOPE_HEADER: Final = f"{_ENVELOPE_NAMESPACE} StandardBusinessDocumentHeader"

# Single bytes and Unicode only, a finite list: Python looks an encoding up by any name a sender invents and
# remembers each miss forever.
_ENCODINGS: Final = re.compile(
    r"utf-?8|utf-?16(le|be)?|us-ascii|iso-8859-\d{1,2}|(windows-|cp)\d{3,4}|koi8-[ru]", re.ASCII | re.IGNORECASE
)

# what Python's own writers declare when asked for "utf8", and expat does not know
_DECLARES_UTF8: Final = re.compile(rb"""<\?xml[^<>]{1,60}encoding\s*=\s*["']utf8["']""", re.IGNORECASE)

Tree = dict[str, Any]
"""Element name to None (empty), text, Tree, or a list of these where the element is repeated."""


class XmlRefused(ValueError):
    """The bytes are not XML that we read; the message says why and, where it helps, at which line."""


@dataclass(frozen=True, slots=True)
class Root:
    """The document's outermost element: its namespace ("" for none) and its name without prefix.

    `enveloped` where it is inside a Standard Business Document, which is then ignored.
    """

    namespace: str
    name: str
    enveloped: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a kind of document becomes a tree.

    `namespaces` maps each URI to the prefix used here ("" for none), independent of the sender's prefix. `repeatable`
    elements are always lists. An element that has some of `attributes` becomes a Tree with "@name" entries and its text
    under "#text"; other attributes are skipped.
    """

    namespaces: Mapping[str, str]
    repeatable: Collection[str]
    attributes: Collection[str] = ()


def read(body: bytes, *, charset: str | None, shape_of: Callable[[Root], Shape | None]) -> tuple[Root, Tree]:
    """Refuse unsafe XML, and build the tree of the root's content, also within an envelope.

    `charset` is the Content-Type's parameter. As RFC 7303 has it, a byte order mark counts before it, and it before
    the XML declaration (software that serialises to a string declares utf-16 and then sends UTF-8). Where `shape_of`
    knows no shape for the root, the tree is empty; the document is still well formed.

    Raises:
        XmlRefused: not well formed, not decodable, or beyond a limit.
    """
    guard = _Guard(shape_of)
    parser = expat.ParserCreate(parser_encoding(body, charset), " ")  # names come as "namespace name"
    parser.buffer_text = True
    parser.XmlDeclHandler = _check_declaration
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartNamespaceDeclHandler = guard.declare
    parser.StartElementHandler = guard.start
    parser.EndElementHandler = guard.end
    parser.CharacterDataHandler = guard.text
    with _said_plainly():
        for piece in _pieces(body):
            parser.Parse(piece, False)  # noqa: FBT003  expat's own signature: more follows
        parser.Parse(b"", True)  # noqa: FBT003
    if guard.documents > 1:
        raise XmlRefused(f"has {guard.documents} documents in one envelope: send them one by one")
    return guard.root or Root("", ""), guard.content


class _Guard:
    """Checks the bounds and builds the tree; methods, because expat calls them for every element."""

    __slots__ = (
        "_attributes", "_item", "_names", "_repeatable", "_shape", "_shape_of", "_stack", "_texts", "content",
        "declared", "depth", "documents", "elements", "enveloped", "outermost", "root",
    )  # fmt: skip

    def __init__(self, shape_of: Callable[[Root], Shape | None]) -> None:
        self.depth = 0
        self.elements = 0
        self.declared = 0
        self.documents = 0
        self.outermost = ""
        self.enveloped = False
        self.root: Root | None = None
        self.content: Tree = {}
        self._shape_of = shape_of
        self._shape: Shape | None = None
        self._names: dict[str, str] = {}
        self._repeatable: Collection[str] = ()
        self._attributes: Collection[str] = ()
        self._stack: list[tuple[Tree | None, list[str]]] = []
        self._item: Tree | None = None  # of the element that is open: None until it holds something
        self._texts: list[str] = []

    def declare(self, _prefix: str | None, _uri: str | None) -> None:
        self.declared += 1
        if self.declared > ATTRIBUTES_MAX:
            raise XmlRefused(f"has an element with more than {ATTRIBUTES_MAX} namespaces")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.declared = 0
        self.elements += 1
        self.depth += 1
        if attributes:
            self._check_attributes(attributes)
        if self.depth > DEPTH_MAX:
            raise XmlRefused(f"is nested more than {DEPTH_MAX} levels deep")
        if self.elements > ELEMENTS_MAX:
            raise XmlRefused(f"has more than {ELEMENTS_MAX} elements")
        if name not in self._names:
            self._begin(name)
        if self._shape is None:
            return
        self._stack.append((self._item, self._texts))
        self._item, self._texts = None, []
        if attributes and self._attributes:
            kept = {f"@{each}": value for each, value in attributes.items() if each in self._attributes}
            self._item = kept or None

    def _check_attributes(self, attributes: dict[str, str]) -> None:
        if len(attributes) > ATTRIBUTES_MAX:
            raise XmlRefused(f"has an element with more than {ATTRIBUTES_MAX} attributes")
        if max(map(len, attributes)) > NAME_CHARS_MAX:
            raise XmlRefused(_LONG_NAME)

    def _begin(self, name: str) -> None:
        """Handle a name that occurs for the first time: begin the document, or make the name's short form."""
        if len(name) > NAME_CHARS_MAX:
            raise XmlRefused(_LONG_NAME)
        if self.depth == 1:
            self.outermost = name
        if self.root is None and not (self.depth == 1 and name == _ENVELOPE) and name != _ENVELOPE_HEADER:
            is_document = self.depth == 1 or (self.depth == 2 and self.outermost == _ENVELOPE)  # noqa: PLR2004  within it
            if is_document:
                self._begin_document(name)
                return
        if self._shape is not None:
            self._names[name] = self._short(name)

    def _begin_document(self, name: str) -> None:
        namespace, _, local = name.rpartition(" ")
        self.enveloped = self.depth > 1
        self.root = Root(namespace, local, enveloped=self.enveloped)
        self._shape = self._shape_of(self.root)
        if self._shape is not None:
            self._repeatable, self._attributes = self._shape.repeatable, self._shape.attributes
            self._names[name] = self._short(name)

    def _short(self, name: str) -> str:
        namespace, _, local = name.rpartition(" ")
        if not namespace or self._shape is None:
            return local
        prefix = self._shape.namespaces.get(namespace, namespace)
        return f"{prefix}:{local}" if prefix else local

    def text(self, text: str) -> None:
        self._texts.append(text)

    def end(self, name: str) -> None:
        self.depth -= 1
        if self._shape is None or not self._stack:
            return
        item, texts = self._item, self._texts
        stripped = "".join(texts).strip() if texts else ""
        self._item, self._texts = self._stack.pop()
        value: Tree | str | None = stripped or None
        if item is not None:
            if stripped:
                item["#text"] = stripped
            value = item
        if not self._stack:
            self._end_document(name, value)
            return
        self._add(self._names[name], value)

    def _add(self, name: str, value: Tree | str | None) -> None:
        """Put an element into the one that holds it: a list where it is repeatable, or there already."""
        if self._item is None:
            self._item = {name: [value] if name in self._repeatable else value}
            return
        there = self._item.get(name, self)  # an empty element is None
        if there is self:
            self._item[name] = [value] if name in self._repeatable else value
        elif isinstance(there, list):
            there.append(value)
        else:
            self._item[name] = [there, value]

    def _end_document(self, name: str, value: Tree | str | None) -> None:
        root = self.root
        if root is None or name.rpartition(" ")[2] != root.name:
            return  # beside the document in its envelope
        self.documents += 1
        self.content = {"#text": value} if isinstance(value, str) else value or {}


def _pieces(body: bytes) -> Iterator[bytes]:
    """Split the bytes, so that a parser in a thread releases the interpreter between two pieces."""
    for start in range(0, len(body), PIECE_BYTES):
        yield body[start : start + PIECE_BYTES]


def parser_encoding(body: bytes, charset: str | None) -> str | None:
    """Return the encoding that applies; None leaves it to the XML declaration."""
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
    except (LookupError, ValueError) as error:  # expat's binding reports an unknown encoding so
        raise XmlRefused(f"is in an encoding which is not read here ({error}): use UTF-8") from None
