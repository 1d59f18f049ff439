"""The parameters and bodies of the OpenAPI document, as each route reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from ingress.api.openapi_responses import JSON, WRITING, Refer, takes_if_match, takes_if_none_match
from ingress.http.idempotency import KEY_CHARS_MAX
from ingress.http.route import Route

_TEXT: Final = {"type": "string"}
_LEGAL_TEXT: Final = _TEXT | {"pattern": r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]*$"}  # as XML can hold it
_BINARY: Final = {"type": "string", "format": "binary"}
_OBJECT: Final = {"type": "object"}

HEADER_PARAMETERS: Final[Mapping[str, dict[str, Any]]] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key and request again returns the first response; kept 24 h or more.",
        # Printable ASCII; what HTTP would cut off at its ends cannot be part of it.
        "schema": {
            "type": "string", "minLength": 1, "maxLength": KEY_CHARS_MAX, "pattern": "^[!-~]([ -~]*[!-~])?$",
        },
    },
    "Prefer": {
        "name": "Prefer",
        "in": "header",
        "description": "`respond-async`: do not wait for the result, respond 202 with an operation.",
        "schema": _TEXT,
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "Change the object only while its `ETag` is one of these, else 412.",
        "schema": _TEXT,
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "Respond 304 while the object's `ETag` is one of these.",
        "schema": _TEXT,
    },
}  # fmt: skip

BODY_SCHEMAS: Final[Mapping[str, dict[str, Any]]] = {
    "DocumentMessage": {
        "title": "DocumentMessage",
        "description": "A pushed document, with accompanying fields; a file or a document is required.",
        "type": "object",
        "properties": {
            "document": {"$ref": "#/components/schemas/DocumentFields"},
            "links": {
                "type": "object",
                "properties": {"document": _TEXT, "pdf": _TEXT},
                "description": "Web addresses of the document and of its PDF",
            },
            "comment": _LEGAL_TEXT,
            "auto_processing": {"type": "object", "description": "What the sender of an order requests for it"},
            "file": {
                "type": "object",
                "properties": {"name": _TEXT, "content": {"type": "string", "contentEncoding": "base64"}},
                "required": ["content"],
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
        "anyOf": [{"required": ["document"]}, {"required": ["file"]}],
    },
    "LinkedDocumentMessage": {
        "title": "LinkedDocumentMessage",
        "description": "A document whose file is fetched from its URL.",
        "type": "object",
        "properties": {
            "document": {"$ref": "#/components/schemas/DocumentFields"},
            "links": {"type": "object", "properties": {"document": _TEXT, "pdf": _TEXT}},
            "comment": _LEGAL_TEXT,
            "file": {"type": "string", "format": "uri", "minLength": 8, "maxLength": 2048},
        },
        "required": ["document", "file"],
        "additionalProperties": False,
    },
    "DocumentFields": {
        "title": "DocumentFields",
        "description": "An invoice or order as its sender writes it. Amounts may be numbers or decimal strings.",
        "type": "object",
        "properties": {
            "document_date": {"type": "string", "format": "date"},
            "document_ref": _TEXT,
            "supplier": {"type": "object", "properties": {"name": _TEXT, "reg_number": _TEXT, "tax_number": _TEXT}},
            "client": {"type": "object", "properties": {"name": _TEXT, "email": _TEXT, "external_id": _TEXT}},
            "sale_type": _TEXT,
            "currency": _TEXT,
            "lines": {"type": "array", "items": _OBJECT},
            "net_amount": {"type": ["string", "number"]},
            "gross_amount": {"type": ["string", "number"]},
        },
    },
    "DocumentForm": {
        "title": "DocumentForm",
        "description": "A document, a file, or both; `document` is JSON or XML, `links` JSON.",
        "type": "object",
        "properties": {
            "file": _BINARY, "document": _TEXT, "links": _TEXT, "comment": _TEXT,
        },
        "additionalProperties": False,
    },
    "DecisionForm": {
        "title": "DecisionForm",
        "description": "Whether a person approves, and why.",
        "type": "object",
        "required": ["decision"],
        "properties": {"decision": {"enum": ["approve", "refuse"]}, "comment": _TEXT},
    },
    "SaleXml": {
        "title": "SaleXml",
        "description": "PayTraq's Sale, Invoice or CreditNote of UBL 2.1, or CII: described by their own schemas.",
        "type": "object",
        "xml": {"name": "Sale"},
    },
    "FormFields": {
        "title": "FormFields",
        "description": "Any fields; a repeated one becomes a list.",
        "type": "object",
        "additionalProperties": {"type": "string"},
    },
}  # fmt: skip

_XML: Final = {"$ref": "#/components/schemas/SaleXml"}
_LINKED: Final = {"$ref": "#/components/schemas/LinkedDocumentMessage"}
_MESSAGE: Final = {"$ref": "#/components/schemas/DocumentMessage"}
_DOCUMENT: Final = {JSON: _MESSAGE, "application/xml": _XML, "text/xml": _XML, "application/pdf": _BINARY}
_FORM: Final = {"multipart/form-data": {"$ref": "#/components/schemas/DocumentForm"}}
_FIELDS: Final = {"$ref": "#/components/schemas/FormFields"}
_ANYTHING: Final = {
    JSON: {"description": "Any JSON value"},
    "application/x-www-form-urlencoded": _FIELDS,
    "multipart/form-data": _FIELDS,
}
_BODIES: Final[Mapping[str, dict[str, Any]]] = {
    "bytes": _DOCUMENT,
    "form": _DOCUMENT | _FORM,
    "linked_form": _DOCUMENT | {JSON: {"anyOf": [_MESSAGE, _LINKED]}} | _FORM,
    "lines": {"text/csv": _TEXT, "application/x-ndjson": _TEXT, "application/octet-stream": _BINARY},  # with `format`
    "decision": {"application/x-www-form-urlencoded": {"$ref": "#/components/schemas/DecisionForm"}},
    "anything": _ANYTHING,
    "mail": _ANYTHING | {"message/rfc822": _BINARY},
}


def parameters_of(route: Route) -> list[dict[str, Any]]:
    """The parameters of path and query, and references to those of the headers."""
    return [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)]


def body_of(route: Route, refer: Refer) -> dict[str, Any] | None:
    """The request body with a schema for every content type; None where the route takes none."""
    if route.method not in WRITING:
        return None
    if route.request_type != "json":
        return {"required": True, "content": {kind: {"schema": it} for kind, it in _BODIES[route.request_type].items()}}
    if route.body is None:
        return None
    return {"required": not _takes_nothing(route.body), "content": {JSON: {"schema": refer(route.body)}}}


def _takes_nothing(body: type[BaseModel]) -> bool:
    try:
        body.model_validate({})
    except ValidationError:
        return False
    return True


def _path_parameters(route: Route) -> Iterator[dict[str, Any]]:
    for name in (part[1:-1] for part in route.path.split("/") if part.startswith("{")):
        schema = {"type": "string", "format": "uuid"} if name == "id" else _TEXT
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(route: Route) -> Iterator[dict[str, Any]]:
    if route.query is not None:
        described = route.query.model_json_schema()
        for name, about in described["properties"].items():
            required = {"required": True} if name in described.get("required", ()) else {}
            yield {"name": name, "in": "query", **required, "schema": _without_null(about)}


def _without_null(about: dict[str, Any]) -> dict[str, Any]:
    """A query parameter is absent, never null."""
    choices: list[dict[str, Any]] = [one for one in about.get("anyOf", ()) if one != {"type": "null"}]
    plain = {name: value for name, value in about.items() if name not in {"anyOf", "title", "default"}}
    if about.get("default") is not None:
        plain["default"] = about["default"]
    if len(choices) == 1:
        return plain | choices[0]
    return plain | ({"anyOf": choices} if choices else {})


def _header_parameters(route: Route) -> Iterator[dict[str, Any]]:
    taken = {
        "IdempotencyKey": route.method == "POST",
        "Prefer": route.may_be_pending,
        "IfMatch": takes_if_match(route),
        "IfNoneMatch": takes_if_none_match(route),
    }
    for name in (name for name, is_taken in taken.items() if is_taken):
        yield {"$ref": f"#/components/parameters/{name}"}
