"""Tell whether what was pushed came before: the same bytes or, for XML, the same canonical XML (W3C C14N 1.0).

Nothing that a sender wrote is left out of the comparison, whether a reader knows it or not, comments included. What
canonical XML does not distinguish says nothing: the declaration and encoding, white space within tags, the order of
attributes, quotes, CDATA, how an empty element is written, a namespace declared again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final
from xml.parsers import expat

from documents.parser import is_xml, split_content_type
from documents.xml import parser_encoding


def content_digest(raw: bytes, content_type: str) -> bytes:
    """SHA-256 of what makes up a document's canonical XML, else of its bytes.

    `raw` was read before, so it is within the bounds of `documents.xml`. About 0.1 ms for an invoice of two lines
    in XML.
    """
    if is_xml(content_type):
        try:
            return _canonical_digest(raw, split_content_type(content_type)[1])
        except (expat.ExpatError, ValueError, LookupError):
            pass  # not XML after all: its bytes tell it from others
    return hashlib.sha256(raw).digest()


def _canonical_digest(raw: bytes, charset: str | None) -> bytes:
    form = _CanonicalForm()
    parser = expat.ParserCreate(parser_encoding(raw, charset))
    parser.buffer_text = True
    parser.ordered_attributes = True
    parser.StartElementHandler = form.start
    parser.EndElementHandler = form.end
    parser.CharacterDataHandler = form.text
    parser.CommentHandler = form.comment
    parser.ProcessingInstructionHandler = form.instruction
    parser.Parse(raw, True)  # noqa: FBT003  expat's own signature: all of it
    return form.digest()


# Not a character of XML 1.0, so nothing that a sender writes can be taken for it.
_MARK: Final = "\0"


class _CanonicalForm:
    """The events of a document, equal for two documents exactly when their canonical XML is."""

    __slots__ = ("_namespaces", "_parts", "_text")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._text: list[str] = []
        self._namespaces: list[dict[str, str]] = []  # declared by the elements that are open, outermost first

    def start(self, name: str, flat: Sequence[str]) -> None:
        attributes = dict(zip(flat[::2], flat[1::2], strict=True))
        declared = {key: value for key, value in attributes.items() if key == "xmlns" or key.startswith("xmlns:")}
        for key, uri in declared.items():
            if self._in_scope(key) == uri:
                del attributes[key]
        self._namespaces.append(declared)
        # With their number, so that what follows an attribute cannot be taken for another.
        self._add(
            "<", name, str(len(attributes)), *(part for key in sorted(attributes) for part in (key, attributes[key]))
        )

    def end(self, _name: str) -> None:
        self._namespaces.pop()
        self._add(">")

    def text(self, text: str) -> None:
        self._text.append(text)

    def comment(self, text: str) -> None:
        self._add("!", text)

    def instruction(self, target: str, data: str) -> None:
        self._add("?", target, data)

    def digest(self) -> bytes:
        return hashlib.sha256("".join(self._parts).encode()).digest()

    def _in_scope(self, key: str) -> str | None:
        found = (declared[key] for declared in reversed(self._namespaces) if key in declared)
        return next(found, "" if key == "xmlns" else None)

    def _add(self, *event: str) -> None:
        if self._text:
            self._parts += (*self._text, _MARK)
            self._text.clear()
        self._parts.append(f"{_MARK}{_MARK.join(event)}{_MARK}")
