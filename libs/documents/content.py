"""Recognise a document that was received before: the same bytes or, for XML, the same canonical XML (W3C C14N 1.0).

The comparison includes everything that a sender wrote, unknown elements and comments too. What canonical XML does not
distinguish carries no meaning: the declaration and encoding, white space within tags, the order of attributes, quotes,
CDATA, how an empty element is written, a namespace declared again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from xml.parsers import expat

from documents.parser import is_xml, split_content_type
from documents.xml import parser_encoding


def content_digest(raw: bytes, content_type: str) -> bytes:
    """SHA-256 of what makes up a document's canonical XML, else of its bytes.

    `raw` was read before, so it is within the bounds of `documents.xml`. About 0.05 ms for an invoice of two lines
    in XML.
    """
    if is_xml(content_type):
        try:
            return _canonical_digest(raw, split_content_type(content_type)[1])
        except (expat.ExpatError, ValueError, LookupError):
            pass  # not XML after all: compare its bytes
    return hashlib.sha256(raw).digest()


def _canonical_digest(raw: bytes, charset: str | None) -> bytes:
    parts: list[str] = []
    parser = expat.ParserCreate(parser_encoding(raw, charset))
    parser.buffer_text = True
    parser.ordered_attributes = True
    parser.StartElementHandler, parser.EndElementHandler = _element_handlers(parts)
    parser.CharacterDataHandler = parts.append
    parser.CommentHandler = lambda text: parts.append(f"\0!{text}\0.")
    parser.ProcessingInstructionHandler = lambda target, data: parts.append(f"\0?{target}\0={data}\0.")
    parser.Parse(raw, True)  # noqa: FBT003  expat's own signature: all of it
    return hashlib.sha256("".join(parts).encode()).digest()


def _element_handlers(parts: list[str]) -> tuple[Callable[[str, list[str]], None], Callable[[str], None]]:
    """Handlers that append an element's start and end to `parts`, equal exactly when their canonical XML is.

    Each token begins with NUL, which no XML holds, and its kind, so that no text can be taken for a token. Closures,
    because expat calls them for every element.
    """
    depth = 0
    scopes: list[tuple[int, dict[str, str]]] = []  # depth and namespaces of the open elements that declare some

    def start(name: str, flat: list[str]) -> None:
        nonlocal depth
        depth += 1
        if not flat:
            parts.append(f"\0<{name}\0.")
            return
        attributes = dict(zip(flat[::2], flat[1::2], strict=True))
        declared = {key: uri for key, uri in attributes.items() if key == "xmlns" or key.startswith("xmlns:")}
        if declared:
            for key, uri in declared.items():
                if _in_scope(scopes, key) == uri:
                    del attributes[key]
            scopes.append((depth, declared))
        pairs = "".join([f"\0={key}\0:{attributes[key]}" for key in sorted(attributes)])
        parts.append(f"\0<{name}{pairs}\0.")

    def end(_name: str) -> None:
        nonlocal depth
        if scopes and scopes[-1][0] == depth:
            scopes.pop()
        depth -= 1
        parts.append("\0>")

    return start, end


def _in_scope(scopes: list[tuple[int, dict[str, str]]], key: str) -> str | None:
    found = (declared[key] for _, declared in reversed(scopes) if key in declared)
    return next(found, "" if key == "xmlns" else None)
