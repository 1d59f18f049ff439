"""Write XML as text, element by element: escaped, only of characters of XML 1.0, empty elements left out.

Only the given namespaces and the five entities of XML are used. A carriage return is
written as a reference, because a parser would turn it into a line feed.
"""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from documents.values import made_legal

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_REFERENCES: Final = {"\r": "&#13;"}


def element(name: str, value: object, **attributes: str | None) -> str:
    """Write `<name attribute="...">value</name>`; "" where the value is None or the empty text."""
    if value is None or value == "":
        return ""
    return f"<{name}{_attributes(attributes)}>{escape(made_legal(str(value)), _REFERENCES)}</{name}>"


def group(name: str, *parts: str, **attributes: str | None) -> str:
    """Write an element of elements; "" where all of them are left out."""
    content = "".join(parts)
    return f"<{name}{_attributes(attributes)}>{content}</{name}>" if content else ""


def document(name: str, *parts: str, **attributes: str | None) -> bytes:
    """Write a whole document in UTF-8, with its declaration."""
    return f"{_DECLARATION}{group(name, *parts, **attributes)}\n".encode()


def _attributes(attributes: dict[str, str | None]) -> str:
    """Write attributes; `xmlns_cac` stands for `xmlns:cac`."""
    return "".join(
        f" {name.replace('_', ':')}={quoteattr(made_legal(value))}" for name, value in attributes.items() if value
    )
