"""Entry point for received documents: bytes, content type and box to a parsed document or all its errors.

JSON is recognised by its content type, kinds of XML by their root element; a new kind is one more entry of `_BY_NAME`
or `_BY_NAMESPACE`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import orjson

from contracts.primitives.problem import FieldError
from contracts.resources.inbox import InboxFormat
from documents import cii, estonian, paytraq, ubl, xml
from documents.command_form import as_json
from documents.document import InboxKind
from documents.json_format import read_json_form
from documents.parsed import Parsed

JSON_BYTES_MAX: Final = 1024 * 1024
XML_BYTES_MAX: Final = 20 * 1024 * 1024  # with the PDF inside
SAID_BYTES_MAX: Final = 2 * 1024 * 1024  # one command carries a document without its attachments

_XML: Final = frozenset({"application/xml", "text/xml"})
_LARGE: Final = _XML | {"application/pdf", "application/x-pdf", "application/octet-stream"}
_JSON: Final = "application/json"
_CONTENT_TYPE_CHARS_MAX: Final = 200
_ATTRIBUTES: Final = frozenset({"currencyID", "unitCode", "schemeID", "filename"})
"""The attributes that readers use."""


class UnsupportedContentType(ValueError):
    """Send application/xml, text/xml, application/pdf or application/json."""

    code, http_status = "unsupported_content_type", 415


class BodyTooLarge(ValueError):
    """The body is over the limit."""

    code, http_status = "body_too_large", 413


@dataclass(frozen=True, slots=True)
class XmlKind:
    """How one root element is read: how its tree is built, and the reader of its content."""

    read: Callable[[xml.Root, xml.Tree, InboxKind], Parsed | list[FieldError]]
    shape: xml.Shape
    format: InboxFormat


_SALE: Final = XmlKind(
    lambda _, content, box: paytraq.read_sale(content, box=box), xml.Shape({}, paytraq.REPEATABLE), "paytraq"
)
_UBL: Final = XmlKind(
    lambda root, content, box: ubl.read_ubl(root.name, content, box=box),
    xml.Shape(ubl.NAMESPACES, ubl.REPEATABLE, _ATTRIBUTES),
    "ubl",
)
_CII: Final = XmlKind(
    lambda _, content, box: cii.read_cii(content, box=box),
    xml.Shape(cii.NAMESPACES, cii.REPEATABLE, _ATTRIBUTES),
    "cii",
)

_ESTONIAN: Final = XmlKind(
    lambda _, content, box: estonian.read_estonian(content, box=box),
    xml.Shape({}, estonian.REPEATABLE, estonian.ATTRIBUTES),
    "estonian",
)

_BY_NAME: Final = {
    "E_Invoice": _ESTONIAN,
    "Sale": _SALE,
}  # PayTraq gives it no namespace; if a sender does, it is as good
_BY_NAMESPACE: Final = {
    xml.Root(ubl.INVOICE_NAMESPACE, "Invoice"): _UBL,
    xml.Root(ubl.CREDIT_NOTE_NAMESPACE, "CreditNote"): _UBL,
    xml.Root(cii.NAMESPACE, "CrossIndustryInvoice"): _CII,
}


def bytes_max_of(content_type: str) -> int:
    """How many bytes a document of this content type may have."""
    return XML_BYTES_MAX if split_content_type(content_type)[0] in _LARGE else JSON_BYTES_MAX


def read_document(body: bytes, *, content_type: str, box: InboxKind) -> Parsed | list[FieldError]:
    """Read what was posted to a channel of `box`.

    Returns the document with warnings, or all errors found. Costs up to 0.4 s of CPU for 1 MiB made to be slow; about
    0.4 ms for an invoice of two lines.

    Raises:
        XmlRefused, JsonRefused: it is not well formed, or beyond what is parsed.
        UnsupportedContentType: neither XML nor JSON by its content type.
        BodyTooLarge: it has more bytes than `bytes_max_of` its content type.
    """
    if len(body) > bytes_max_of(content_type):
        raise BodyTooLarge
    media_type, charset = split_content_type(content_type)
    if media_type == _JSON:
        return read_json_form(body, box=box)
    if media_type in _XML:
        return _read_xml(body, charset, box)
    raise UnsupportedContentType


def is_xml(content_type: str) -> bool:
    """Whether a sender of this content type gets its responses as XML."""
    return split_content_type(content_type)[0] in _XML


def _read_xml(body: bytes, charset: str | None, box: InboxKind) -> Parsed | list[FieldError]:
    root, content = xml.read(body, charset=charset, shape_of=_shape_of)
    kind = _kind_of(root)
    if kind is None:
        return [FieldError("/", f"has the root element {root.name[:80]}: send Sale, UBL 2.1, CII or E_Invoice")]
    found = _within_bounds(kind.read(root, content, box), body)
    return found if isinstance(found, list) else replace(found, format=kind.format)


def _kind_of(root: xml.Root) -> XmlKind | None:
    return _BY_NAMESPACE.get(root) or _BY_NAME.get(root.name)


def _shape_of(root: xml.Root) -> xml.Shape | None:
    """The shape of a known kind; one that has no namespace of its own may be sent with any."""
    kind = _kind_of(root)
    if kind is None:
        return None
    if kind.shape.namespaces:
        return kind.shape
    return replace(kind.shape, namespaces={root.namespace: ""})


def _within_bounds(found: Parsed | list[FieldError], body: bytes) -> Parsed | list[FieldError]:
    if len(body) <= SAID_BYTES_MAX or isinstance(found, list):
        return found
    if len(orjson.dumps(as_json(found.document))) <= SAID_BYTES_MAX:
        return found
    return [FieldError("/", f"says more than {SAID_BYTES_MAX} bytes besides its attachments")]


def split_content_type(content_type: str) -> tuple[str, str | None]:
    """Split `text/xml; charset="utf-8"` into the type and the charset, both in small letters."""
    return _split(content_type[:_CONTENT_TYPE_CHARS_MAX])


@lru_cache(maxsize=256)
def _split(content_type: str) -> tuple[str, str | None]:
    media_type, *parameters = content_type.split(";")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return media_type.strip().lower(), value.strip().strip('"').strip().lower() or None
    return media_type.strip().lower(), None
