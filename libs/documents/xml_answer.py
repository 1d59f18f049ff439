"""Responses for senders of XML: accepted, or RFC 9457 problem details in the XML form of RFC 7807, appendix A.

Text of the sender is repeated escaped, and only as characters of XML 1.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

from documents.values import made_legal

XML_TYPE: Final = "application/xml"
PROBLEM_XML_TYPE: Final = "application/problem+xml"

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_WARNING: Final = ("path", "code", "message")
_MEMBERS: Final = ("type", "title", "status", "detail", "code")


def accepted_xml(*, message_id: str, duplicate: bool, warnings: Iterable[Mapping[str, str]]) -> bytes:
    """`<response>` with message_id, duplicate (false|true) and warnings: what JSON senders get, as UTF-8."""
    warning_elements = "".join(
        f"<warning>{''.join(_element(name, warning[name]) for name in _WARNING)}</warning>" for warning in warnings
    )
    duplicate_text = "true" if duplicate else "false"
    return _document(
        f"<response>{_element('message_id', message_id)}{_element('duplicate', duplicate_text)}"
        f"<warnings>{warning_elements}</warnings></response>"
    )


def problem_xml(problem: Mapping[str, Any]) -> bytes:
    """Serialize a problem (type, title, status, detail, code, errors [{path, message}]) as UTF-8 XML."""
    members = "".join(_element(name, str(problem[name])) for name in _MEMBERS if name in problem)
    faults = "".join(
        f"<i>{_element('path', fault['path'])}{_element('message', fault['message'])}</i>"
        for fault in problem.get("errors", ())
    )
    errors = f"<errors>{faults}</errors>" if faults else ""
    return _document(f'<problem xmlns="urn:ietf:rfc:7807">{members}{errors}</problem>')


def _document(content: str) -> bytes:
    return f"{_DECLARATION}{content}\n".encode()


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(made_legal(text))}</{name}>"
